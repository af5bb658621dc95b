"""Files on Telegram: shown or offered, with a caption where it fits, whatever is refused."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.telegram.emulator import Fault, Message, Person, TelegramEmulator
from adapters.telegram.emulator.files import downloadable
from adapters.telegram.platform import TelegramPlatform
from bot.domain.updates import Button, File, Place
from bot.errors import MessageRejected
from tests.pictures import png

PICTURE = File(name="chart.png", content=png(), media_type="image/png")
TABLE = File(name="table.csv", content="name,tokens\nÄda,7\n".encode(), media_type="text/csv")
MORE = Button(label="30 days", command="usage 30")


@pytest.fixture
def here(ada: Person) -> Place:
    return Place(platform="telegram", chat=str(ada.id), private=True)


def content(tg: TelegramEmulator, message: Message) -> bytes | None:
    """The bytes of the file that a message came with."""
    (media,) = message.media.values()
    file_id = (media[-1] if isinstance(media, list) else media)["file_id"]
    return downloadable(tg.world, tg.world.files[file_id][0]["file_path"])


async def send(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place, text: str, files: Sequence[File], **more: Any
) -> list[Message]:
    """Store the parts and send them; what stands in the chat afterwards of it."""
    parts = json.loads(json.dumps(platform.parts(here, text, files=files, **more)))
    sent = [await platform.deliver(part) for part in parts]
    return [tg.world.chat(here.chat).messages[int(one)] for one in sent]


async def test_a_picture_is_shown_with_its_caption_and_buttons(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    (message,) = await send(tg, platform, here, "Your **use**:", [PICTURE], buttons=[MORE])
    assert (message.text, message.entities[0]["type"], list(message.media)) == ("Your use:", "bold", ["photo"])
    assert [one["callback_data"] for one in message.buttons] == ["usage 30"]
    assert content(tg, message) == PICTURE.content


async def test_a_document_keeps_its_name_and_bytes(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    (message,) = await send(tg, platform, here, "All rows:", [TABLE])
    assert message.media["document"]["file_name"] == "table.csv"
    assert content(tg, message) == TABLE.content


async def test_a_large_file_arrives_whole(tg: TelegramEmulator, platform: TelegramPlatform, here: Place) -> None:
    large = File(name="large.bin", content=bytes(range(256)) * 4096 * 5, media_type="application/octet-stream")
    (message,) = await send(tg, platform, here, "Large:", [large])
    assert content(tg, message) == large.content


async def test_a_text_too_long_for_a_caption_stands_above(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    said, file = await send(tg, platform, here, "word " * 300, [PICTURE], buttons=[MORE])
    assert (said.media, len(said.buttons)) == ({}, 1)
    assert (file.text, list(file.media), file.buttons) == ("", ["photo"], [])


async def test_several_files_follow_their_text(tg: TelegramEmulator, platform: TelegramPlatform, here: Place) -> None:
    messages = await send(tg, platform, here, "Both:", [PICTURE, TABLE])
    assert [(one.text, list(one.media)) for one in messages] == [("Both:", []), ("", ["photo"]), ("", ["document"])]


@pytest.mark.parametrize("size", [(9_990, 20), (500, 20)])
async def test_a_picture_that_telegram_cannot_show_comes_as_a_document(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place, size: tuple[int, int]
) -> None:
    wide = File(name="wide.png", content=png(*size), media_type="image/png")
    (message,) = await send(tg, platform, here, "Wide:", [wide])
    assert (message.text, list(message.media)) == ("Wide:", ["document"])


async def test_a_caption_that_turns_out_too_long_costs_no_words(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    tg.faults.next("sendPhoto", Fault(status=400, description="Bad Request: message caption is too long"))
    (file,) = await send(tg, platform, here, "Look:", [PICTURE], buttons=[MORE])
    said = tg.messages(tg.world.chat(here.chat))[-2]
    assert (said.text, len(said.buttons), file.text) == ("Look:", 1, "")


async def test_hostile_names_break_nothing(tg: TelegramEmulator, platform: TelegramPlatform, here: Place) -> None:
    hostile = File(name='../a"\r\nX: y\r\n\r\n<b>ü.csv', content=b"x", media_type="text/csv")
    (message,) = await send(tg, platform, here, "File:", [hostile])
    assert message.media["document"]["file_name"] == "bü.csv".replace("b", "aX: yb").replace(": ", " ")


async def test_a_picture_takes_the_place_of_a_text_and_of_another_picture(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    (first,) = await send(tg, platform, here, "Text", [])
    for size in (5, 6):
        other = File(name="chart.png", content=png(size), media_type="image/png")
        (second,) = await send(
            tg, platform, here, f"**Size** {size}", [other], instead_of=str(first.id), buttons=[MORE]
        )
        assert (second.id, second.text, len(second.buttons)) == (first.id, f"Size {size}", 1)
        assert second.entities[0]["type"] == "bold"
        assert content(tg, second) == other.content


async def test_a_text_cannot_take_the_place_of_a_picture_and_follows_it(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    (picture,) = await send(tg, platform, here, "Picture", [PICTURE])
    (said,) = await send(tg, platform, here, "Text", [], instead_of=str(picture.id))
    assert (said.id != picture.id, said.text) == (True, "Text")


async def test_what_is_refused_for_good_is_rejected(
    tg: TelegramEmulator, platform: TelegramPlatform, here: Place
) -> None:
    tg.faults.next("sendDocument", Fault(status=400, description="Bad Request: wrong file"), times=9)
    with pytest.raises(MessageRejected):
        await send(tg, platform, here, "All rows:", [TABLE])
