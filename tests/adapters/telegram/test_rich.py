"""Rich messages, where an operator wants them: which answers become one, and what happens where there are none."""

import json
from collections.abc import AsyncIterator

import pytest

from adapters.formulas import with_dollars
from adapters.telegram.emulator import Fault, Message, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.rich import LONGEST, rich
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import Button, Place, Update
from bot.errors import RecipientGone
from tests.adapters.telegram.conftest import TOKEN, ManualClock
from tests.markdown.corpus import DISGUISES, NASTY

TABLE = "Prices:\n\n| what | price |\n|---|---:|\n| tea | 2 |\n| coffee | 3 |"
AGAIN = Button(label="🔁 Retry", command="retry 7")
OPENING = "It depends on what you would like to know"


def update(chat: int, message: int = 1) -> Update:
    sender = Sender(identity=Identity(platform="telegram", user="11"), name="Ada")
    place = Place(platform="telegram", chat=str(chat), private=chat > 0)
    return Update(sender=sender, place=place, text="?", message=str(message))


@pytest.mark.parametrize(
    "markdown",
    [TABLE, "So $x^2$ it is", "$$\\sum x$$", r"\(x\) and \[y\]", f"{TABLE}\n\n`<b>`", f"{TABLE}\n\n```html\n<img>\n```",
     f"{TABLE}\n\n[tea](https://example.org/tea)", f"{TABLE}\n\n1 < 2"],
)  # fmt: skip
def test_tables_and_formulas_are_worth_it(markdown: str) -> None:
    assert rich(markdown) == with_dollars(markdown)


@pytest.mark.parametrize(
    "hostile",
    ["<img src='https://evil.example/?q'>", "<b>x</b>", "![x](https://evil.example/x.png)", "[x](tg://user?id=1)",
     "[x](javascript:alert(1))", "<tg-map lat=1>", "[bank.example](https://evil.example)",
     "&lt;img&gt;", "[x]: tg://user?id=1\n\n[x]", "[a [b](https://a.example)](tg://user?id=1)", "<!-- -->"],
)  # fmt: skip
def test_what_telegram_should_not_read_is_no_rich_message(hostile: str) -> None:
    assert rich(f"{TABLE}\n\n{hostile}") is None


@pytest.mark.parametrize("markdown", ["Hello **there**", "# Hello\n\n- one\n- two", "```py\n| a | b |\n```", ""])
def test_what_ordinary_messages_show_is_one(markdown: str) -> None:
    assert rich(markdown) is None


def test_limits_are_kept() -> None:
    row = "| a | b |\n"
    assert rich(f"{row}|---|---|\n{row * 400}") is not None
    assert rich(f"{row}|---|---|\n{row * 500}") is None
    assert rich("|" + "a|" * 21 + "\n|" + "-|" * 21 + "\n") is None
    assert rich(TABLE + "word " * (LONGEST // 5)) is None
    assert rich(TABLE + "\n\n" + "> " * 20 + "deep") is None


@pytest.mark.parametrize("name", NASTY)
def test_no_answer_is_too_nasty_to_look_at(name: str) -> None:
    found = rich(NASTY[name])
    assert found is None or len(found) <= LONGEST


@pytest.mark.parametrize("markdown", DISGUISES)
def test_no_link_hides_where_it_leads(markdown: str) -> None:
    assert rich(f"{TABLE}\n\n{markdown}") is None or "evil.example" not in markdown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"\(x\)", "$x$"),
        (r"a \( x \) b \[ y \]", "a $x$ b $$ y $$"),
        (r"`\(x\)` \(y\)", r"`\(x\)` $y$"),
        ("```\n\\[x\\]\n```", "```\n\\[x\\]\n```"),
        (r"open \(x", r"open \(x"),
        (r"\(\frac{a}{b}\)", r"$\frac{a}{b}$"),
    ],
)
def test_formulas_get_the_marks_that_telegram_knows(written: str, shown: str) -> None:
    assert with_dollars(written) == shown


def test_open_formulas_take_no_time() -> None:
    assert with_dollars(r"\(" * 20_000) == r"\(" * 20_000


class TestSending:
    @pytest.fixture
    async def platform(
        self, tg: TelegramEmulator, book: CommandBook, clock: ManualClock
    ) -> AsyncIterator[TelegramPlatform]:
        one = TelegramPlatform(TOKEN, api_url=tg.url, commands=book, clock=clock, rich=True)
        yield one
        await one.close()

    async def sent(
        self, tg: TelegramEmulator, platform: TelegramPlatform, person: Person, text: str = TABLE
    ) -> list[Message]:
        reply = platform.reply(update(person.id))
        await reply.show("Pri")
        for part in reply.parts(text, [AGAIN]):
            await platform.deliver(json.loads(json.dumps(part)))
        return [one for one in tg.messages(person.chat) if one.sender.is_bot]

    async def test_an_answer_with_a_table_is_a_rich_message(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        (message,) = await self.sent(tg, platform, ada)
        assert message.media["rich_message"]["blocks"][0]["text"] == TABLE
        assert [button["callback_data"] for button in message.buttons] == ["retry 7"]
        assert tg.drafts(ada.chat) is None
        (call,) = [call for call in tg.calls if call.method == "sendRichMessage"]
        assert call.params["rich_message"]["skip_entity_detection"] is True

    async def test_without_the_setting_it_is_an_ordinary_one(
        self, tg: TelegramEmulator, ada: Person, book: CommandBook, clock: ManualClock
    ) -> None:
        usual = TelegramPlatform(TOKEN, api_url=tg.url, commands=book, clock=clock)
        (message,) = await self.sent(tg, usual, ada)
        await usual.close()
        assert "coffee" in message.text

    async def test_a_server_that_knows_none_is_asked_once(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.world.bot_api = (10, 0)
        for count in (1, 2):
            messages = await self.sent(tg, platform, ada)
            assert len(messages) == count
            assert "coffee" in messages[-1].text
            assert messages[-1].buttons
        assert sum(call.description == "Not Found" for call in tg.calls) == 1

    async def test_one_that_is_refused_is_sent_as_ordinary_messages_and_the_next_one_is_tried(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.faults.next("sendRichMessage", Fault(status=400, description="Bad Request: RICH_MESSAGE_INVALID"))
        long = TABLE + "\n\n" + "word " * 1500
        messages = await self.sent(tg, platform, ada, long)
        assert len(messages) == 2
        assert [bool(message.buttons) for message in messages] == [False, True]
        assert len(await self.sent(tg, platform, ada)) == 3
        assert "rich_message" in tg.messages(ada.chat)[-1].media

    async def test_in_a_group_the_preview_becomes_it(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        team = tg.group(id=-1001, title="Team", members=[ada])
        asked = ada.says("?", chat=team)
        reply = platform.reply(update(team.id, asked))
        await reply.show(OPENING)
        (part,) = reply.parts(TABLE, [AGAIN])
        for _ in range(2):  # a second time, as after a crash, nothing changes
            await platform.deliver(part)
        (message,) = [one for one in tg.messages(team) if one.sender.is_bot]
        assert "rich_message" in message.media
        assert platform.repeatable(part)

    async def test_in_a_group_on_an_old_server_the_preview_becomes_an_ordinary_one(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.world.bot_api = (10, 0)
        team = tg.group(id=-1001, title="Team", members=[ada])
        reply = platform.reply(update(team.id, ada.says("?", chat=team)))
        await reply.show(OPENING)
        for part in reply.parts(TABLE, [AGAIN]):
            await platform.deliver(part)
        (message,) = [one for one in tg.messages(team) if one.sender.is_bot]
        assert "coffee" in message.text

    async def test_who_blocked_the_bot_gets_neither(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        reply = platform.reply(update(ada.id))
        (part,) = reply.parts(TABLE)
        ada.blocks_bot()
        with pytest.raises(RecipientGone):
            await platform.deliver(part)
