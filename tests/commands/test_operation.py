"""The bot as a whole: maintenance and statistics."""

import pytest

from tests.conftest import ADMIN, Core


class TestMaintenance:
    async def test_people_get_a_sentence_and_admins_go_on_working(self, core: Core) -> None:
        assert "off → on (back at noon)" in await core.say(ADMIN, "/maintenance on back at noon")
        assert await core.say("ada", "hello") == "🔧 I am being worked on: back at noon"
        assert await core.say("ada", "/usage") == "🔧 I am being worked on: back at noon"
        assert await core.say(ADMIN, "hello") == "echo: hello"
        assert await core.say(ADMIN, "among others", chat="team") == "echo: among others"
        assert len(core.model.prompts) == 2

    async def test_without_a_reason_people_are_asked_to_come_back(self, core: Core) -> None:
        await core.say(ADMIN, "/maintenance on")
        assert await core.say("ada", "hello") == "🔧 I am being worked on. Please try again later."

    async def test_afterwards_everybody_is_answered_and_nothing_was_charged(self, core: Core) -> None:
        await core.say(ADMIN, "/maintenance on")
        await core.say("ada", "hello")
        assert "on → off" in await core.say(ADMIN, "/maintenance off")
        assert await core.say("ada", "again") == "echo: again"
        assert "Messages today: 1 of 5" in await core.say("ada", "/usage")

    async def test_it_is_taken_back_by_number(self, core: Core) -> None:
        await core.say(ADMIN, "/maintenance on")
        assert "on → off" in await core.say(ADMIN, "/revert 1")
        assert await core.say("ada", "hello") == "echo: hello"

    async def test_whether_it_is_on_can_be_asked(self, core: Core) -> None:
        assert await core.say(ADMIN, "/maintenance") == "Maintenance: off"
        await core.say(ADMIN, "/maintenance on soon")
        assert await core.say(ADMIN, "/maintenance") == "Maintenance: on (soon)"

    @pytest.mark.parametrize("arguments", ["perhaps", "off please", "on " + "x" * 501])
    async def test_anything_else_gets_the_usage(self, core: Core, arguments: str) -> None:
        assert "Usage" in await core.say(ADMIN, f"/maintenance {arguments}")
        assert await core.say(ADMIN, "/maintenance") == "Maintenance: off"

    async def test_nobody_else_switches_it(self, core: Core) -> None:
        assert "do not know the command" in await core.say("ada", "/maintenance on")
        assert await core.say("ben", "hello") == "echo: hello"


class TestStats:
    async def test_people_turns_tokens_and_cost_of_today_a_week_and_a_month(self, core: Core) -> None:
        await core.say("ada", "long ago")
        core.clock.pass_(days=20)
        await core.say("ben", "last week")
        core.clock.pass_(days=3)
        await core.say("ada", "today")
        await core.say("ada", "again")
        answer = await core.say(ADMIN, "/stats")
        assert "I know 3 people, 0 of them are blocked." in answer
        rows = {line.split()[0]: line.split()[1:] for line in answer.splitlines() if len(line.split()) == 4}
        assert rows["People"] == ["1", "2", "2"]
        assert rows["Turns"] == ["2", "3", "4"]
        assert rows["Tokens"] == ["30", "45", "60"]

    async def test_thumbs_are_counted(self, core: Core) -> None:
        for which in ("up", "up", "down"):
            await core.say("ada", f"is this {which}?")
            async with core.storage.begin() as work:
                last = await work.given.last(await work.conversations.current("fake:ada", account_id=1))
            assert last is not None
            await core.say("ada", f"/thumb {which} {last.arrival}")
        rows = [line.split() for line in (await core.say(ADMIN, "/stats")).splitlines()]
        assert ["👍", "2", "2", "2"] in rows
        assert ["👎", "1", "1", "1"] in rows

    async def test_what_nobody_knows_the_price_of_is_said(self, core: Core) -> None:
        await core.say("ada", "hello")
        assert "1 call of unknown price" in await core.say(ADMIN, "/stats")

    async def test_it_is_for_support_and_above(self, core: Core) -> None:
        await core.say("ada", "hello")
        assert "do not know" in await core.say("ada", "/stats")
        await core.say(ADMIN, "/role @ada support")
        assert "I know 2 people" in await core.say("ada", "/stats")
