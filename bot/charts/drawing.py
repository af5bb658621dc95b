"""Charts drawn by matplotlib, in one style. Imported by `python -m bot.charts` only: it takes 60 MB and a second."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import FuncFormatter, MaxNLocator

Format = Literal["png", "svg"]

_SIZE, _DPI = (8.0, 4.5), 160
"""Inches, and pixels of one: 1280 × 720, which chats show without making it smaller."""

_INK, _PALE = "#2b2b2b", "#d8d8d8"
# Okabe and Ito's colours, which people with any colour vision tell apart; the last is for what is left over.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#999999")
_LIMIT = "#D55E00"

_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Heiti TC",
    "Microsoft YaHei",
    "Microsoft JhengHei",
)
"""Where Chinese letters come from, if any of these is installed."""

_ROOM = 2.5
"""How many times higher than the highest day a limit may be before its line would flatten the bars."""


def drawn(chart: Mapping[str, Any], kind: Format) -> bytes:
    """A chart as PNG or SVG. Raises KeyError for one that nobody can draw."""
    draw = {"usage": _usage, "window": _window}[chart["kind"]]
    fonts = ["DejaVu Sans", *_installed()]
    # Words of strangers are not mathematics, to which `$` would lead.
    with rc_context({"font.family": fonts, "font.size": 11, "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor="white")
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
        draw(figure, chart)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind)
    return picture.getvalue()


def short(tokens: float) -> str:
    """`950`, `12k`, `1.5M`."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}".removesuffix(".0") + letter
    return f"{tokens:g}"


def _usage(figure: Figure, chart: Mapping[str, Any]) -> None:
    axes = _bare(figure.subplots())
    used: Mapping[str, Sequence[int]] = chart["used"]
    days: int = chart["days"]
    below = [0] * days
    for colour, (model, tokens) in zip(_COLOURS, used.items(), strict=False):
        axes.bar(range(days), tokens, bottom=below, color=colour, width=0.8, label=_plain(model))
        below = [sum(pair) for pair in zip(below, tokens, strict=True)]
    axes.set_xlim(-0.6, days - 0.4)
    axes.set_ylim(0, max(1, *below) * 1.08)
    _date(axes, date.fromisoformat(chart["first"]), days)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tokens, _: short(tokens)))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y", color=_PALE, linewidth=0.8)
    if chart["limit"] is not None:
        _limit(axes, chart["limit"], max(1, *below))
    if used:
        figure.legend(loc="outside upper left", ncols=3, frameon=False)


def _date(axes: Axes, first: date, days: int) -> None:
    """Days as month-day, which everybody reads the same way, from the last one back."""
    step = max(1, days // 6)
    marks = range(days - 1, -1, -step)
    axes.set_xticks(list(marks), [f"{first + timedelta(days=at):%m-%d}" for at in marks])


def _limit(axes: Axes, limit: int, highest: int) -> None:
    look: Any = {"ha": "left", "va": "center", "color": _LIMIT, "fontweight": "bold"}
    if 1 < highest < limit / _ROOM:
        axes.annotate(f"↑\n{short(limit)}", (1.01, 0.94), xycoords="axes fraction", **look)
        return
    axes.set_ylim(0, max(limit, highest) * 1.15)
    axes.axhline(limit, color=_LIMIT, linestyle="--", linewidth=1.5)
    axes.annotate(short(limit), (1.01, limit), xycoords=("axes fraction", "data"), **look)


def _window(figure: Figure, chart: Mapping[str, Any]) -> None:
    figure.set_size_inches(_SIZE[0], 2.6)
    axes = _bare(figure.subplots())
    start = 0
    for number, one in enumerate(chart["slices"]):
        label = f"{_readable(one)}  {short(one['tokens'])}"
        axes.barh(0, one["tokens"], left=start, height=0.6, color=_COLOURS[number % len(_COLOURS)], label=label)
        start += one["tokens"]
    axes.barh(0, max(0, chart["window"] - start), left=start, height=0.6, color="#f0f0f0")
    axes.set_xlim(0, max(chart["window"], start, 1))
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tokens, _: short(tokens)))
    if chart["slices"]:
        figure.legend(loc="outside upper left", ncols=3, frameon=False)


def _bare(axes: Axes) -> Axes:
    """Without the box around it."""
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_PALE)
    return axes


def _readable(one: Mapping[str, Any]) -> str:
    """The name in the reader's language if there are letters for it, else in English: boxes help nobody."""
    return _plain(one["name"] if _has_letters(one["name"]) else one["english"])


def _plain(words: str) -> str:
    """A name as it can be shown: a leading `_` would hide it from the legend."""
    return words.lstrip("_")[:40]


def _installed() -> list[str]:
    known = set(font_manager.get_font_names())
    return [name for name in _FONTS if name in known]


def _has_letters(words: str) -> bool:
    found = (font_manager.findfont(name) for name in ["DejaVu Sans", *_installed()])
    letters = [FT2Font(path).get_charmap() for path in found]
    return all(any(ord(letter) in one for one in letters) for letter in words if not letter.isspace())
