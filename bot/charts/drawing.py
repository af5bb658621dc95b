"""Charts drawn by matplotlib, in one style. Imported by `python -m bot.charts` only: it takes 60 MB and a second."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import FuncFormatter, MaxNLocator

Format = Literal["png", "svg"]

_SIZE, _DPI = {"png": (8.0, 4.5), "svg": (6.4, 3.4)}, 160
"""Inches, and pixels of one: 1280 × 720, which chats show as it is. On pages two stand side by side."""

Tone = Literal["light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What a chart stands on: colours that are read on it. `page` None lets the page shine through."""

    page: str | None
    ink: str
    pale: str
    empty: str
    kinds: Sequence[str]
    steps: Sequence[str]
    limit: str


# Okabe and Ito's colours, which people with any colour vision tell apart; the last is for what is left over.
_LIGHT = _Ground(
    page="white",
    ink="#2b2b2b",
    pale="#d8d8d8",
    empty="#f0f0f0",
    kinds=("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#999999"),
    steps=("#c6dbef", "#9ecae1", "#f5c26b", "#e6842a", "#b3401a"),
    limit="#D55E00",
)
_DARK = _Ground(
    page=None,
    ink="#c9cdd3",
    pale="#3a3f47",
    empty="#2a2e35",
    kinds=("#4da3d9", "#E69F00", "#1fb58a", "#d990b8", "#8ccbf0", "#8a8f98"),
    steps=("#3b5568", "#4f86a8", "#d9a441", "#e6842a", "#f0603a"),
    limit="#ff7a33",
)

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


def drawn(chart: Mapping[str, Any], kind: Format, tone: Tone = "light") -> bytes:
    """A chart as PNG or SVG. Raises KeyError for one that nobody can draw."""
    draw = {"usage": _usage, "window": _window, "ranks": _ranks}[chart["kind"]]
    ground = {"light": _LIGHT, "dark": _DARK}[tone]
    fonts = ["DejaVu Sans", *_installed()]
    # Words of strangers are not mathematics, to which `$` would lead.
    with rc_context({"font.family": fonts, "font.size": 11, "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=_SIZE[kind], dpi=_DPI, facecolor=ground.page or "none")
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
        draw(figure, chart, ground)
        picture = io.BytesIO()
        # A page has a ground of its own.
        figure.savefig(
            picture, format=kind, transparent=kind == "svg", metadata={"Date": None} if kind == "svg" else {}
        )
    # A page's own letters: those that were measured may not be where it is read.
    found = picture.getvalue()
    return found.replace(b"'DejaVu Sans'", b"system-ui, 'DejaVu Sans'") if kind == "svg" else found


def short(tokens: float) -> str:
    """`950`, `12k`, `1.5M`."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}".removesuffix(".0") + letter
    return f"{tokens:g}"


def money(micro: float) -> str:
    """Micro-US$ as `$0.05`, `$12`, `$1.5k`."""
    dollars = micro / 1_000_000
    return f"${short(dollars)}" if dollars >= 10 or dollars == int(dollars) else f"${dollars:.2f}"


def _usage(figure: Figure, chart: Mapping[str, Any], ground: _Ground) -> None:
    axes = _bare(figure.subplots(), ground)
    series: Sequence[Mapping[str, Any]] = chart["series"]
    days: int = chart["days"]
    below = [0] * days
    for colour, one in zip(ground.steps if chart["graded"] else ground.kinds, series, strict=False):
        axes.bar(range(days), one["numbers"], bottom=below, color=colour, width=0.8, label=_readable(one))
        below = [sum(pair) for pair in zip(below, one["numbers"], strict=True)]
    axes.set_xlim(-0.6, days - 0.4)
    axes.set_ylim(0, max(1, *below) * 1.08)
    _date(axes, date.fromisoformat(chart["first"]), days)
    said = money if chart["unit"] == "cost" else short
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: said(number)))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y", color=ground.pale, linewidth=0.8)
    if chart["limit"] is not None:
        _limit(axes, chart["limit"], max(1, *below), ground)
    if series:
        figure.legend(loc="outside upper left", ncols=3, frameon=False, labelcolor=ground.ink)


def _ranks(figure: Figure, chart: Mapping[str, Any], ground: _Ground) -> None:
    """The first on top; names at the left, numbers where their bars end."""
    ranks: Sequence[Mapping[str, Any]] = chart["ranks"]
    axes, said = _bare(figure.subplots(), ground), money if chart["unit"] == "cost" else short
    bars = axes.barh(range(len(ranks)), [one["number"] for one in ranks], height=0.66, color=ground.kinds[0])
    axes.bar_label(bars, [said(one["number"]) for one in ranks], padding=6, color=ground.ink)
    axes.set_yticks(range(len(ranks)), [_readable(one) for one in ranks])
    axes.set_ylim(max(1, len(ranks)) - 0.4, -0.6)
    axes.set_xlim(0, 1.12 * max([1, *(one["number"] for one in ranks)]))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _date(axes: Axes, first: date, days: int) -> None:
    """Days as month-day, which everybody reads the same way, from the last one back."""
    step = max(1, days // 6)
    marks = range(days - 1, -1, -step)
    axes.set_xticks(list(marks), [f"{first + timedelta(days=at):%m-%d}" for at in marks])


def _limit(axes: Axes, limit: int, highest: int, ground: _Ground) -> None:
    look: Any = {"ha": "left", "va": "center", "color": ground.limit, "fontweight": "bold"}
    if 1 < highest < limit / _ROOM:
        axes.annotate(f"↑\n{short(limit)}", (1.01, 0.94), xycoords="axes fraction", **look)
        return
    axes.set_ylim(0, max(limit, highest) * 1.15)
    axes.axhline(limit, color=ground.limit, linestyle="--", linewidth=1.5)
    axes.annotate(short(limit), (1.01, limit), xycoords=("axes fraction", "data"), **look)


def _window(figure: Figure, chart: Mapping[str, Any], ground: _Ground) -> None:
    figure.set_size_inches(figure.get_figwidth(), 2.6)
    axes = _bare(figure.subplots(), ground)
    start = 0
    for number, one in enumerate(chart["slices"]):
        label = f"{_readable(one)}  {short(one['tokens'])}"
        axes.barh(0, one["tokens"], left=start, height=0.6, color=ground.kinds[number % len(ground.kinds)], label=label)
        start += one["tokens"]
    axes.barh(0, max(0, chart["window"] - start), left=start, height=0.6, color=ground.empty)
    axes.set_xlim(0, max(chart["window"], start, 1))
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tokens, _: short(tokens)))
    if chart["slices"]:
        figure.legend(loc="outside upper left", ncols=3, frameon=False, labelcolor=ground.ink)


def _bare(axes: Axes, ground: _Ground) -> Axes:
    """Without the box around it."""
    axes.set_axisbelow(True)
    axes.set_facecolor("none")
    axes.tick_params(colors=ground.ink, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(ground.pale)
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
