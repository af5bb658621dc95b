"""`/home`: everything about oneself on one page. In a chat without pages it is one message."""

from bot.domain.access import AccessPolicy
from bot.domain.updates import Arrival
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core


async def test_it_has_use_conversations_and_settings(core: Core) -> None:
    await core.say("ada", "how do I cook soup")
    said = await core.say("ada", "/home")
    assert "Messages today: 1 of 5" in said
    assert "▶ 1. `how do I cook soup` goes on here" in said
    assert "⚙️ What you chose:" in said
    assert "For admins" not in said
    assert {"📈 As a picture", "✋ Ask for more", "🌐 Language"} <= {*core.platform.labels[-1]}


async def test_conversations_are_those_one_had_anywhere_and_nobody_elses(core: Core) -> None:
    await core.say("ada", "soup")
    await core.say("ada", "/new")
    await core.say("ada", "rain")
    await core.say("ada", "party", chat="group")
    await core.say("ben", "secret")
    said = await core.say("ada", "/home")
    assert [line for line in said.splitlines() if "soup" in line or "rain" in line or "party" in line] != []
    assert all(word in said for word in ("soup", "rain", "party"))
    assert "secret" not in said
    assert "▶ soup" in core.platform.labels[-1]
    assert "▶ party" not in core.platform.labels[-1]
    assert (await core.click("ada", "▶ soup")) == "`soup` goes on here from now."


async def test_an_admin_sees_what_waits_and_decides_there(core: Core) -> None:
    await core.say("ada", "/quota request for the demo")
    said = await core.say(ADMIN, "/home")
    assert "asks for more (request no. 1): `for the demo`" in said
    assert "Nobody is waiting at the door." in said
    assert "granted your request" in await core.click(ADMIN, "✅ +20 today")


async def test_whoever_only_supports_sees_it_and_decides_nothing(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say("ben", "/quota request for the demo")
    await core.say(ADMIN, "/role @ada support")
    said = await core.say("ada", "/home")
    assert "asks for more" in said
    assert "🛠 For admins:" not in said
    assert "✅ +20 today" not in core.platform.labels[-1]


async def test_a_newcomer_is_told_how_to_get_in(storage: Storage) -> None:
    core = make_core(storage, policy=AccessPolicy(entry="approval"))
    assert "Nobody has let you in yet" in await core.say("ada", "/home")


class TestWhatFollows:
    """Arrivals that are only meant for us if somebody talked to us where they come from."""

    def reply(self, core: Core, place: str) -> Arrival:
        said = core.platform.arrival("ben", "and I?", chat="group")
        return Arrival(
            source=said.source,
            event=said.event,
            lane=said.lane,
            order=said.order,
            payload=said.payload,
            sender=said.sender,
            follows=place,
        )

    async def test_it_is_kept_where_somebody_talked_to_us(self, core: Core) -> None:
        await core.hear("ada", "hello", chat="group")
        await core.inbox.accept([self.reply(core, "fake:group")])
        await core.work()
        assert [text for _, text in core.platform.sent] == ["echo: hello", "echo: and I?"]

    async def test_elsewhere_nothing_of_it_is_kept(self, core: Core) -> None:
        await core.inbox.accept([self.reply(core, "fake:group")])
        await core.hear("ada", "hello", chat="group")
        await core.work()
        assert [text for _, text in core.platform.sent] == ["echo: hello"]
