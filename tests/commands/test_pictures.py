"""Answers that are pictures."""

import io

import pytest
from PIL import Image

from bot.domain.completions import Usage
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core


async def test_use_is_drawn_day_by_day(core: Core) -> None:
    core.model.usage = Usage(input=4000, output=2000)
    await core.say("ada", "hello")
    answer = await core.say("ada", "/usage picture")
    assert answer == ("Tokens of the last 30 days, by model. The limit of a day is 10,000.")
    ((picture,),) = [files for files in core.platform.files if files]
    assert (picture.name, Image.open(io.BytesIO(picture.content)).size) == ("usage.png", (1280, 720))


async def test_where_there_is_no_limit_there_is_no_line(storage: Storage) -> None:
    core = make_core(storage, daily={"messages": None, "tokens": None})
    assert await core.say("ada", "/usage picture") == "Tokens of the last 30 days, by model."


async def test_admins_see_what_everybody_used(core: Core) -> None:
    await core.say("ada", "hello")
    assert await core.say(ADMIN, "/spend picture") == "Tokens of the last 30 days, by model."
    assert [file.name for file in core.platform.files[-1]] == ["usage.png"]


@pytest.mark.parametrize(
    ("typed", "said", "name"),
    [
        ("/budget picture", "US$ of the last 30 days, by model.", "cost.png"),
        ("/stats picture", "How long calls waited in line, the last 30 days.", "waits.png"),
        ("/top tokens week picture", "Who used most since 16 Nov, 00:00 UTC, by Tokens:", "top.png"),
    ],
)
async def test_admins_see_cost_waits_and_who_used_most(core: Core, typed: str, said: str, name: str) -> None:
    await core.say("ada", "hello")
    assert await core.say(ADMIN, typed) == said
    (picture,) = core.platform.files[-1]
    assert (picture.name, Image.open(io.BytesIO(picture.content)).size) == (name, (1280, 720))
