"""Files that people send, through `parley serve`, both platforms' emulators and the model's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.slack.emulator.people import Person as Member
from adapters.telegram.emulator import TelegramEmulator
from adapters.telegram.emulator.people import Person
from bot.llm.emulator import ModelEmulator
from bot.llm.emulator.images import images_of
from tests.attachments import samples
from tests.scenarios.process import TOKEN, BotProcess, settings

PATIENCE = 120.0

LONG = "Here:\n\n```python\n" + "print('hello')\n" * 40 + "```"

pytestmark = pytest.mark.timeout(300)  # each file is a process of its own


@dataclass(slots=True, kw_only=True)
class World:
    telegram: TelegramEmulator
    slack: SlackEmulator
    model: ModelEmulator
    ada: Person
    ben: Member

    async def told(self, words: str) -> None:
        """Wait until the bot has said so to Ada on Telegram."""
        await self.telegram.until(lambda: any(words in text for text in self._to_ada()), PATIENCE)

    async def posted(self, words: str) -> None:
        """Wait until the bot has said so to Ben on Slack."""
        room = self.slack.dm(self.ben)
        await self.slack.until(
            lambda: any(words in one.visible for one in self.slack.messages(room) if one.from_bot), PATIENCE
        )

    def asked(self) -> tuple[str, int]:
        """What the model was asked last: the words, and how many pictures went with them."""
        request = self.model.requests[-1].request
        return request.said, len(images_of(request.messages[-1]))

    def _to_ada(self) -> list[str]:
        return [one.text for one in self.telegram.messages(self.ada.chat) if one.sender.is_bot]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator(token=TOKEN))
        slack = await stack.enter_async_context(SlackEmulator(bot_token="xoxb-test", app_token="xapp-test"))
        model = await stack.enter_async_context(
            ModelEmulator(answer=lambda request: LONG if "code" in request.said else "Seen.")
        )
        environment = settings(telegram, model) | {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_APP_TOKEN": "xapp-test",
            "SLACK_API_URL": slack.url,
            "MODEL_SEES_IMAGES": "true",
            "MAX_PDF_PAGES": "2",
            "TRANSCRIPTION_MODEL": "whisper-1",
            "TRANSCRIPTION_PRICE": "0.06",
        }
        bot = await stack.enter_async_context(BotProcess(tmp_path, environment))
        await bot.ready(telegram, PATIENCE)
        await slack.until(lambda: slack.connections >= 1, PATIENCE)
        ada, ben = telegram.person(id=11, first_name="Ada"), slack.person("U1", name="ben")
        yield World(telegram=telegram, slack=slack, model=model, ada=ada, ben=ben)
        assert await bot.stop() == 0


async def test_on_telegram_files_are_read_or_refused_aloud(world: World) -> None:
    ada = world.ada
    ada.sends(samples.picture(), kind="photo", filename="photo.jpg", caption="what is it?")
    await world.told("📎 Read: photo")
    assert world.asked() == ("what is it?\n[Picture photo, 64 × 48]", 1)
    for colour in ("red", "blue"):
        ada.sends(samples.picture(colour=colour), kind="photo", filename="a.jpg", album="1", caption=f"is it {colour}?")
    await world.told("📎 Read: photo, photo")
    assert world.asked()[1] == 2
    ada.sends(samples.pdf(["first", "second", "third"]), filename="report.pdf", caption="sum up")
    await world.told("✂️ Of report.pdf I read the first 2 pages, of 3.")
    assert "second" in world.asked()[0]
    ada.sends(b"print('hello')", filename="hello.py")
    await world.told("📎 Read: hello.py")
    assert "print('hello')" in world.asked()[0]
    ada.sends(samples.bomb(), filename="bomb.png")
    await world.told("bomb.png would be far too large")
    ada.sends(samples.picture(), kind="sticker")
    await world.told("cannot read stickers")
    ada.shares("location")
    await world.told("cannot read locations")
    ada.shares("contact")
    await world.told("cannot read contacts")
    ada.sends(b"film", kind="video", filename="film.mp4", mime_type="video/mp4")
    await world.told("cannot watch videos")


async def test_voice_messages_are_heard_on_both(world: World) -> None:
    world.ada.sends(samples.ogg(4), kind="voice", filename="voice.ogg", mime_type="audio/ogg", seconds=4)
    await world.told("🎤 Heard: I talked for 4 seconds.")
    assert world.asked()[0].strip() == "I talked for 4 seconds."
    world.ada.sends(samples.wav(2), kind="audio", filename="talk.wav", mime_type="audio/wav", caption="sum up")
    await world.told("📎 Read: talk.wav")
    world.ada.sends(samples.ogg(601), kind="voice", filename="voice.ogg", mime_type="audio/ogg", seconds=1)
    await world.told("is too long: I listen for 10 min")
    room = world.slack.dm(world.ben)
    clip = world.slack.file("clip.webm", b"\x1a\x45\xdf\xa3" + b"\0" * 8000, "audio/webm")
    clip |= {"subtype": "slack_audio", "duration_ms": 2000}
    await world.ben.says("", room, files=(clip,))
    await world.posted("🎤 Heard: `I talked for 2 seconds.`")
    assert [heard.name for heard in world.model.hearing.heard] == ["voice.ogg", "talk.wav", "clip.webm"]


async def test_long_code_comes_as_a_file_by_a_button_and_by_a_command(world: World) -> None:
    telegram, slack, room = world.telegram, world.slack, world.slack.dm(world.ben)
    world.ada.says("code please")
    await telegram.until(lambda: any(one.buttons for one in telegram.messages(world.ada.chat)), PATIENCE)
    message = next(one for one in telegram.messages(world.ada.chat) if one.buttons)
    (data,) = (one["callback_data"] for one in message.buttons if one["callback_data"].startswith("files "))
    world.ada.clicks(message.id, data)
    await telegram.until(lambda: "document" in telegram.messages(world.ada.chat)[-1].media, PATIENCE)
    assert telegram.messages(world.ada.chat)[-1].media["document"]["file_name"] == "code-1.py"
    await world.ben.says("code please", room)
    # Its buttons come with the end of it: what is seen before is not on record yet.
    await slack.until(lambda: any("As files" in str(one.blocks) for one in slack.messages(room)), PATIENCE)
    await world.ben.says("files", room)
    await slack.until(lambda: any(one.files and one.from_bot for one in slack.messages(room)), PATIENCE)
    (file,) = next(one.files for one in slack.messages(room) if one.files and one.from_bot)
    assert file["name"] == "code-1.py"


async def test_on_slack_files_are_read_or_refused_aloud(world: World) -> None:
    slack, ben = world.slack, world.ben
    room = slack.dm(ben)
    await ben.says("what is it?", room, files=(slack.file("photo.png", samples.picture(), "image/png"),))
    await world.posted("📎 Read: `photo.png`")
    assert world.asked() == ("what is it?\n[Picture photo.png, 64 × 48]", 1)
    two = (slack.file("a.py", b"a = 1"), slack.file("b.pdf", samples.pdf(["bee"]), "application/pdf"))
    await ben.says("", room, files=two)
    await world.posted("📎 Read: `a.py`, `b.pdf`")
    assert "a = 1" in world.asked()[0]
    assert "bee" in world.asked()[0]
    await ben.says("", room, files=(slack.file("film.mp4", b"film", "video/mp4"),))
    await world.posted("cannot watch videos")
    await ben.says("", room, files=(slack.file("locked.pdf", samples.locked_pdf("hush"), "application/pdf"),))
    await world.posted("`locked.pdf` is protected by a password")
    general = slack.channel("C1", "general", members=[ben])
    await ben.says("<@UBOT> look", general, files=(slack.file("photo.png", samples.picture(), "image/png"),))
    await slack.until(lambda: world.asked()[0].startswith("look"), PATIENCE)
    assert world.asked()[1] == 1
