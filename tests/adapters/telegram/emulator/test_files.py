"""Files as the server takes and refuses them."""

import io
from typing import Any

import aiohttp
import pytest

from adapters.telegram.emulator import Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api
from tests.pictures import png


async def upload(api: Api, method: str, kind: str, content: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    form = aiohttp.FormData({"chat_id": "11", **fields})
    form.add_field(kind, io.BytesIO(content), filename="file.bin")
    async with api.session.post(f"{api.url}/bot{api.token}/{method}", data=form) as response:
        return response.status, await response.json()


@pytest.mark.usefixtures("ada")
async def test_a_photo_has_the_size_of_its_picture(api: Api) -> None:
    _, answer = await upload(api, "sendPhoto", "photo", png(40, 30))
    (size,) = answer["result"]["photo"]
    assert (size["width"], size["height"]) == (40, 30)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (png(9_000, 1_001), "PHOTO_INVALID_DIMENSIONS"),
        (png(210, 10), "PHOTO_INVALID_DIMENSIONS"),
        (
            bytes(10 * 1024 * 1024 + 1),
            "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
        ),
    ],
)
async def test_what_cannot_be_shown_is_no_photo(api: Api, content: bytes, refusal: str) -> None:
    status, answer = await upload(api, "sendPhoto", "photo", content)
    assert (status, answer["description"]) == (400, f"Bad Request: {refusal}")


@pytest.mark.usefixtures("ada")
async def test_a_request_has_room_for_50_megabytes(api: Api) -> None:
    status, answer = await upload(api, "sendDocument", "document", bytes(50 * 1024 * 1024 + 1))
    assert (status, answer["description"]) == (413, "Request Entity Too Large")


async def test_a_text_becomes_a_picture(api: Api, tg: TelegramEmulator, ada: Person) -> None:
    sent = await api.result("sendMessage", chat_id=11, text="hello")
    media = '{"type": "photo", "media": "attach://new", "caption": "look"}'
    number = str(sent["message_id"])
    status, answer = await upload(api, "editMessageMedia", "new", png(), message_id=number, media=media)
    assert (status, answer["result"]["caption"]) == (200, "look")
    assert list(tg.messages(ada.chat)[-1].media) == ["photo"]


@pytest.mark.usefixtures("ada")
async def test_a_medium_of_an_unknown_type_is_refused(api: Api) -> None:
    sent = await api.result("sendMessage", chat_id=11, text="hello")
    refusal = await api.refusal(
        "editMessageMedia", chat_id=11, message_id=sent["message_id"], media={"type": "cake", "media": "x"}
    )
    assert refusal == '400 Bad Request: can\'t parse InputMedia: wrong type "cake"'
