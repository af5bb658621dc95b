"""Files on Slack: uploaded in three steps, shared where the answer stands, or handed to one person."""

import json
from typing import Any

import pytest

from adapters.slack.emulator import Message, SlackEmulator
from adapters.slack.platform import SlackPlatform
from bot.domain.updates import Button, File, Place
from bot.errors import PlatformDown
from tests.pictures import png

PICTURE = File(name="chart.png", content=png(), media_type="image/png")
TABLE = File(name="../tab\r\nle.csv", content="name,tokens\nÄda,7\n".encode(), media_type="text/csv")


async def send(platform: SlackPlatform, place: Place, text: str, *files: File, **more: Any) -> None:
    for part in json.loads(json.dumps(platform.parts(place, text, files=files, **more))):
        await platform.deliver(part)


def said(slack: SlackEmulator, channel: str) -> list[Message]:
    return [message for message in slack.messages(channel) if message.from_bot]


def content(slack: SlackEmulator, message: Message) -> bytes:
    (file,) = message.files
    return slack.uploaded(file["id"]) or b""


@pytest.fixture
def here(slack: SlackEmulator) -> Place:
    slack.channel("C1", "general", members=[slack.person("U1", name="ada")])
    return Place(platform="slack", chat="T1/C1", private=False)


async def test_files_follow_their_text(slack: SlackEmulator, platform: SlackPlatform, here: Place) -> None:
    button = Button(label="30 days", command="usage 30")
    await send(platform, here, "Your use:", PICTURE, TABLE, buttons=[button])
    text, picture, table = said(slack, "C1")
    assert (text.visible, len(text.blocks)) == ("Your use:\n30 days", 2)
    assert [one.files[0]["name"] for one in (picture, table)] == ["chart.png", "table.csv"]
    assert (content(slack, picture), content(slack, table)) == (PICTURE.content, TABLE.content)


async def test_a_large_file_arrives_whole(slack: SlackEmulator, platform: SlackPlatform, here: Place) -> None:
    large = File(name="large.bin", content=bytes(range(256)) * 4096 * 5, media_type="application/octet-stream")
    await send(platform, here, "Large:", large)
    assert content(slack, said(slack, "C1")[-1]) == large.content


async def test_in_a_thread_they_stay_in_the_thread(slack: SlackEmulator, platform: SlackPlatform, here: Place) -> None:
    root = await slack.person("U1", name="ada").says("hello", "C1")
    place = Place(platform="slack", chat="T1/C1", thread=root, private=False)
    await send(platform, place, "Look:", PICTURE)
    assert [one.thread_ts for one in said(slack, "C1")] == [root, root]


async def test_what_only_one_person_asked_for_nobody_else_gets(
    slack: SlackEmulator, platform: SlackPlatform, here: Place
) -> None:
    url = slack.url.replace("/api/", "/response/none")
    await send(platform, here, "Your use:", PICTURE, answer_by=f"U1 {url}")
    assert [(one.ephemeral_for, one.files) for one in said(slack, "C1")] == [("U1", ())]
    assert [content(slack, one) for one in said(slack, "DU1")] == [PICTURE.content]


async def test_an_upload_that_fails_is_tried_again_and_shared_once(
    slack: SlackEmulator, platform: SlackPlatform, here: Place
) -> None:
    (part,) = platform.parts(here, "", files=[PICTURE])[-1:]
    slack.faults.next("files.getUploadURLExternal", drop_connection="after")
    with pytest.raises(PlatformDown) as caught:
        await platform.deliver(part)
    assert not caught.value.outcome_unknown
    await platform.deliver(part)
    assert len(said(slack, "C1")) == 1


@pytest.mark.parametrize("answer_by", ["", "U1 http://127.0.0.1:9/"])
async def test_an_app_that_may_send_no_files_says_so(
    slack: SlackEmulator, platform: SlackPlatform, here: Place, answer_by: str
) -> None:
    slack.faults.next("files.getUploadURLExternal", error="missing_scope")
    await platform.deliver(platform.parts(here, "", files=[PICTURE], answer_by=answer_by)[-1])
    (excuse,) = said(slack, "DU1" if answer_by else "C1")
    assert "files:write" in excuse.visible
