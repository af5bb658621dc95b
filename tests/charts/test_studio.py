"""Charts as they are drawn: by another process, which knows no secret of ours."""

import io
import subprocess
import sys
from collections.abc import Sequence
from datetime import date

import pytest
from PIL import Image

from bot.charts import drawing
from bot.charts.studio import Studio
from bot.charts.values import RankChart, Slice, UsageChart, WindowChart
from bot.errors import PictureFailed
from bot.texts import Text, text

USAGE = UsageChart(first=date(2026, 11, 1), days=3, used={"$x$": [5, 0, 7], "_b": [0, 9, 1]}, limit=8)
WINDOW = WindowChart(slices=[Slice(name=text("History"), tokens=7)], window=10)


def words(said: Text) -> str:
    return said.message


def colours(picture: Image.Image) -> set[object]:
    return {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or []}


async def test_a_chart_is_a_picture_that_chats_show() -> None:
    file = await Studio().picture("usage", USAGE, words)
    picture = Image.open(io.BytesIO(file.content))
    assert (file.name, file.media_type, picture.size) == ("usage.png", "image/png", (1280, 720))
    assert {(0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00), (0xD5, 0x5E, 0x00)} <= colours(picture)


async def test_the_context_window_is_one_bar() -> None:
    picture = Image.open(io.BytesIO((await Studio().picture("window", WINDOW, words)).content))
    assert picture.width > 2 * picture.height


async def test_pages_get_charts_of_lines_and_words() -> None:
    svg = (await Studio().draw(USAGE, words, "svg")).decode()
    assert "<svg" in svg
    assert "$x$" in svg  # no mathematics
    assert ">b<" in svg  # not hidden from the legend


@pytest.mark.parametrize("used", [{}, {"a": [0, 0, 0]}])
async def test_nothing_used_is_a_chart_too(used: dict[str, Sequence[int]]) -> None:
    chart = UsageChart(first=date(2026, 11, 1), days=3, used=used, limit=None)
    assert (await Studio().picture("usage", chart, words)).content


@pytest.mark.parametrize(("limit", "drawn"), [(8, True), (10_000, False)])
async def test_a_limit_out_of_sight_flattens_nothing(limit: int, *, drawn: bool) -> None:
    chart = UsageChart(first=date(2026, 11, 1), days=2, used={"a": [5, 7]}, limit=limit)
    svg = (await Studio().draw(chart, words, "svg")).decode()
    assert ("stroke-dasharray" in svg, drawing.short(limit) in svg) == (drawn, True)


async def test_several_charts_are_drawn_at_once_in_their_order() -> None:
    ranks = RankChart(ranks=[("ada", 1_500_000)], unit="cost")
    first, second = await Studio().draw_all([USAGE, ranks], words, "svg")
    assert (b">b<" in first, b">ada<" in second, b">$1.50<" in second) == (True, True, True)


async def test_a_dark_page_gets_letters_that_are_read_on_it() -> None:
    light = (await Studio().draw(USAGE, words, "svg")).decode()
    dark = (await Studio().draw(USAGE, words, "svg", "dark")).decode()
    assert ("#2b2b2b" in light, "#2b2b2b" in dark, "#c9cdd3" in dark) == (True, False, True)


@pytest.mark.parametrize(
    ("micro", "said"),
    [(0, "$0"), (50_000, "$0.05"), (2_000_000, "$2"), (12_500_000, "$12.5"), (1_500_000_000, "$1.5k")],
)
def test_money_is_short(micro: int, said: str) -> None:
    assert drawing.money(micro) == said


async def test_what_fails_there_is_told_here(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(PictureFailed):
        await Studio().picture("usage", USAGE, words)
    assert "chart_not_drawn" in caplog.text


async def test_without_matplotlib_there_are_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    studio = Studio()
    assert not studio.open
    with pytest.raises(PictureFailed):
        await studio.picture("usage", USAGE, words)


async def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    async def look(*_: object, env: dict[str, str], **__: object) -> None:
        seen.append(env)
        raise PictureFailed

    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "100:SECRET")
    monkeypatch.setattr("asyncio.create_subprocess_exec", look)
    with pytest.raises(PictureFailed):
        await Studio().picture("usage", USAGE, words)
    assert "TELEGRAM_BOT_TOKEN" not in seen[0]


def test_names_without_letters_for_them_are_english() -> None:
    unknown = {"name": "\U00012000", "english": "Cuneiform", "tokens": 1}
    assert drawing._readable(unknown) == "Cuneiform"
    assert drawing._readable({"name": "Größe", "english": "Size", "tokens": 1}) == "Größe"


@pytest.mark.parametrize(("tokens", "said"), [(0, "0"), (950, "950"), (12_000, "12k"), (1_500_000, "1.5M")])
def test_numbers_are_short(tokens: int, said: str) -> None:
    assert drawing.short(tokens) == said


def test_the_bot_itself_loads_no_matplotlib() -> None:
    program = "import sys, bot.bootstrap; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
