"""People and admins on both platforms at once: the real adapters against the emulators, the real core and database."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from adapters.slack.emulator import Channel, SlackEmulator, Tiers
from adapters.slack.emulator import Message as SlackMessage
from adapters.slack.emulator import Person as SlackPerson
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import Chat, Limits, Message, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.ports import Platform
from bot.storage import AuditRecord, Storage
from tests.conftest import Core, make_core
from tests.scenarios.serving import serving

ROOT = Identity(platform="telegram", user="1")
BOSS = Identity(platform="slack", user="T1/U1")


@dataclass(slots=True, kw_only=True)
class World:
    """Both platforms, with an owner on each: Root on Telegram, Boss on Slack."""

    core: Core
    tg: TelegramEmulator
    slack: SlackEmulator
    root: Person
    boss: SlackPerson

    def on_telegram(self, chat: Chat) -> list[Message]:
        """What the bot has said there."""
        return [one for one in self.tg.messages(chat) if one.sender.is_bot]

    async def told(self, chat: Chat, words: str) -> Message:
        """Wait until the bot says something there."""

        def found() -> list[Message]:
            return [one for one in self.on_telegram(chat) if words in one.text]

        await self.tg.until(lambda: bool(found()))
        return found()[-1]

    async def told_on_slack(self, room: Channel, words: str) -> SlackMessage:
        """The same there; what only one person sees counts too."""

        def found() -> list[SlackMessage]:
            return [one for one in self.slack.messages(room) if one.from_bot and words in one.visible]

        await self.slack.until(lambda: bool(found()))
        return found()[-1]

    def press(self, who: Person, message: Message, label: str, chat: Chat | None = None) -> None:
        """Click the button with that label."""
        (button,) = (one for one in message.buttons if one["text"] == label)
        who.clicks(message.id, button["callback_data"], chat=chat)

    async def press_on_slack(self, who: SlackPerson, room: Channel, message: SlackMessage, label: str) -> None:
        elements = [element for block in message.blocks for element in block.get("elements", [])]
        (button,) = (one for one in elements if one["text"]["text"] == label)
        await who.clicks(room, message.ts, button["action_id"], button.get("value"))

    def forge(self, who: Person, message: Message, data: str) -> None:
        """A changed client sends what no button of theirs says."""
        below = {"message_id": message.id, "chat": who.chat.payload(), "date": 0}
        self.tg.inject({"callback_query": {"id": "9", "from": who.user.payload(), "message": below, "data": data}})

    async def acts(self, *names: str) -> list[AuditRecord]:
        async with self.core.storage.begin() as work:
            return [one for one in reversed(await work.audit.last(50)) if one.action in names]


@asynccontextmanager
async def listening(core: Core, platform: Platform) -> AsyncIterator[None]:
    task = asyncio.create_task(platform.listen(core.inbox.accept))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def world(storage: Storage, policy: AccessPolicy) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        tg = await stack.enter_async_context(
            TelegramEmulator(token="100:TEST", limits=Limits.off(), reads_all_group_messages=True)
        )
        slack = await stack.enter_async_context(SlackEmulator(limits=Tiers.off()))
        book, clock = all_commands(), SystemClock()
        telegram = TelegramPlatform("100:TEST", api_url=tg.url, commands=book, clock=clock, poll_seconds=1)
        workspace = SlackPlatform("xoxb-test", app_token="xapp-test", api_url=slack.url, commands=book, clock=clock)
        for one in (telegram, workspace):
            stack.push_async_callback(one.close)
        core = make_core(storage, others=[telegram, workspace], more_admins=[ROOT, BOSS], policy=policy)
        root = tg.person(id=1, first_name="Root", username="root")
        boss = slack.person("U1", name="boss")
        await stack.enter_async_context(serving(core, telegram))
        await stack.enter_async_context(listening(core, workspace))
        await slack.until(lambda: slack.connections == 2)
        here = World(core=core, tg=tg, slack=slack, root=root, boss=boss)
        root.says("/start")
        await here.told(root.chat, "language model")
        yield here


@pytest.fixture
async def open_world(storage: Storage) -> AsyncIterator[World]:
    async with world(storage, AccessPolicy(admin_chats={Identity(platform="telegram", user="-1001")})) as here:
        yield here


@pytest.fixture
async def doored(storage: Storage) -> AsyncIterator[World]:
    async with world(storage, AccessPolicy(entry="approval")) as here:
        yield here


async def test_of_two_admins_who_click_at_once_one_wins_and_the_other_is_told(doored: World) -> None:
    ada, office = doored.tg.person(id=11, first_name="Ada", username="ada"), doored.slack.dm(doored.boss)
    ada.says("hello")
    await doored.told(ada.chat, "Your message is kept")
    asked = await doored.told(doored.root.chat, "would like")
    asked_too = await doored.told_on_slack(office, "would like")
    doored.press(doored.root, asked, "⛔ Turn away")
    await doored.press_on_slack(doored.boss, office, asked_too, "✅ Let in")
    await doored.tg.until(lambda: len(doored.on_telegram(ada.chat)) >= 2)
    (decision,) = await doored.acts("admit", "deny")
    if decision.action == "deny":
        assert "turned away by `telegram:1` already" in (await doored.told_on_slack(office, "Too late")).visible
        await doored.told(ada.chat, "did not let you in")
    else:
        assert "let in by slack:T1/U1 already" in (await doored.told(doored.root.chat, "Too late")).text
        await doored.told(ada.chat, "echo: hello")


async def test_a_newcomers_message_on_slack_is_answered_after_the_click_of_an_admin_on_telegram(doored: World) -> None:
    ben = doored.slack.person("U2", name="ben")
    room = doored.slack.dm(ben)
    await ben.says("hello", room)
    await doored.told_on_slack(room, "Your message is kept")
    doored.press(doored.root, await doored.told(doored.root.chat, "would like"), "✅ Let in")
    assert (await doored.told_on_slack(room, "echo")).visible == "echo: hello"
    await doored.told(doored.root.chat, "newcomer → member")


async def test_forged_clicks_let_nobody_in(doored: World) -> None:
    ada = doored.tg.person(id=11, first_name="Ada", username="ada")
    ada.says("hello")
    kept = await doored.told(ada.chat, "Your message is kept")
    for data in ("newcomers approve telegram:11", "role telegram:11 owner", "role telegram:11 admin confirmed 2.9"):
        doored.forge(ada, kept, data)
    await doored.tg.until(lambda: len(doored.on_telegram(ada.chat)) == 4)
    assert {one.text for one in doored.on_telegram(ada.chat)[1:]} == {
        "The admins have not decided yet whether to let you in. You will hear from me."
    }
    assert await doored.acts("admit", "role") == []


async def test_in_an_admin_chat_a_confirmation_is_for_whoever_asked(open_world: World) -> None:
    ada = open_world.tg.person(id=11, first_name="Ada", username="ada")
    mod = open_world.tg.person(id=12, first_name="Mod", username="mod")
    team = open_world.tg.group(id=-1001, title="Admins", members=[open_world.root, mod, ada])
    for one in (ada, mod):
        one.says("/start")
        await open_world.told(one.chat, "language model")
    open_world.root.says("/role @mod admin")
    open_world.press(open_world.root, await open_world.told(open_world.root.chat, "Make"), "Make an admin")
    await open_world.told(open_world.root.chat, "→ admin")
    open_world.root.says("/block @ada", chat=team)
    question = await open_world.told(team, "Block")
    open_world.press(mod, question, "⛔ Block", team)
    await open_world.told(team, "for whoever asked")
    open_world.press(ada, question, "⛔ Block", team)
    await open_world.told(team, "do not know the command")
    assert await open_world.acts("block") == []
    open_world.press(open_world.root, question, "⛔ Block", team)
    await open_world.told(team, "not blocked → blocked")


async def test_in_any_other_group_an_admin_has_no_admins_commands(open_world: World) -> None:
    team = open_world.tg.group(id=-1002, title="Team", members=[open_world.root])
    open_world.root.says("/block@parley_bot @root", chat=team)
    assert "do not know the command" in (await open_world.told(team, "command")).text


async def test_a_click_delivered_twice_acts_once(open_world: World) -> None:
    ada = open_world.tg.person(id=11, first_name="Ada", username="ada")
    ada.says("/start")
    await open_world.told(ada.chat, "language model")
    open_world.root.says("/block @ada")
    question = await open_world.told(open_world.root.chat, "Block")
    data = question.buttons[0]["callback_data"]
    for _ in range(2):
        open_world.forge(open_world.root, question, data)
    await open_world.told(open_world.root.chat, "is blocked already")
    assert len(await open_world.acts("block")) == 1


async def test_a_members_forged_action_on_slack_changes_nothing_and_is_on_record(open_world: World) -> None:
    ben = open_world.slack.person("U2", name="ben")
    room = open_world.slack.dm(ben)
    await ben.says("hello", room)
    answer = await open_world.told_on_slack(room, "echo")
    body = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U2", "username": "ben", "team_id": "T1"},
        "channel": {"id": room.id},
        "container": {"type": "message", "message_ts": answer.ts},
        "actions": [{"action_id": "parley.role", "value": "slack:T1/U2 admin confirmed 2.9", "action_ts": "1.5"}],
        "response_url": open_world.slack.url.replace("/api/", "/response/none"),
        "trigger_id": "1.2.3",
    }
    open_world.slack.inject(body, "interactive")
    await open_world.told_on_slack(room, "do not know")
    (refused,) = await open_world.acts("refused", "role")
    assert (refused.actor, refused.facts["command"]) == ("slack:T1/U2", "role slack:T1/U2")


async def test_guests_and_strangers_on_slack_are_turned_away_until_an_admin_lets_them_in(open_world: World) -> None:
    guest = open_world.slack.person("U3", name="gus", is_guest=True)
    stranger = open_world.slack.person("U4", name="stan", team="T9")
    room = open_world.slack.channel("C1", "general", members=[guest, stranger])

    def said(words: str) -> int:
        return sum(words in one.visible for one in open_world.slack.messages(room) if one.from_bot)

    async def turned_away(number: int) -> None:
        await open_world.slack.until(lambda: said("cannot use this bot") == number)

    for number, one in enumerate((guest, stranger), 1):
        await one.says("<@UBOT> hello", room)
        await turned_away(number)
    assert open_world.core.model.prompts == []
    open_world.root.says("/role slack:T9/U4 guest")
    await open_world.told(open_world.root.chat, "→ guest")
    await stranger.says("<@UBOT> again", room)
    await open_world.slack.until(lambda: said("echo: again") == 1)


async def test_a_code_lets_people_in_on_both_platforms(storage: Storage) -> None:
    async with world(storage, AccessPolicy(entry="invitation")) as here:
        ada, ben = here.tg.person(id=11, first_name="Ada"), here.slack.person("U2", name="ben")
        here.root.says("/invite 2")
        found = re.search(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", (await here.told(here.root.chat, "invitation")).text)
        assert found
        ada.says(f"/start {found[0]}")
        await here.told(ada.chat, "Welcome")
        room = here.slack.dm(ben)
        await ben.runs("/parley", f"join {found[0]}", room)
        await here.told_on_slack(room, "Welcome")
        ada.says("hello")
        await ben.says("hello", room)
        await here.told(ada.chat, "echo: hello")
        await here.told_on_slack(room, "echo: hello")


async def test_one_person_on_both_platforms_has_one_quota(open_world: World) -> None:
    ada, ben = open_world.tg.person(id=11, first_name="Ada"), open_world.slack.person("U2", name="ada")
    room = open_world.slack.dm(ben)
    ada.says("one")
    await open_world.told(ada.chat, "echo: one")
    await ben.says("two", room)
    await open_world.told_on_slack(room, "echo: two")
    ada.says("/link")
    found = re.search(r"(?:[0-9A-Z]{4}-){2}[0-9A-Z]{2}", (await open_world.told(ada.chat, "Within")).text)
    assert found
    await ben.runs("/parley", f"link {found[0]}", room)
    await open_world.press_on_slack(ben, room, await open_world.told_on_slack(room, "Join with"), "Join")
    await open_world.told(ada.chat, "was joined to your account")
    ada.says("/usage")
    assert "Messages today: 2 of 5" in (await open_world.told(ada.chat, "of 5")).text


async def test_a_broadcast_reaches_people_on_both_platforms(open_world: World) -> None:
    ada, ben = open_world.tg.person(id=11, first_name="Ada"), open_world.slack.person("U2", name="ben")
    room = open_world.slack.dm(ben)
    ada.says("/start")
    await ben.says("hello", room)
    await open_world.told(ada.chat, "language model")
    await open_world.told_on_slack(room, "echo")
    open_world.root.says("/broadcast Cake at *four*.")
    open_world.press(open_world.root, await open_world.told(open_world.root.chat, "would read"), "📣 Send")
    await open_world.told(open_world.root.chat, "on its way")
    for _ in range(3):
        await open_world.core.herald.step()
    await open_world.told(ada.chat, "Cake at four.")
    await open_world.told_on_slack(room, "Cake at")
