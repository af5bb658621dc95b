"""How hard a message looks: a cheap guess from its words, the same every time.

| Sign | Points |
|---|---|
| length: 60, 200 or 800 words (a Chinese character is two thirds of one) | 1, 2, 3 |
| code in it: a fenced block, a stack trace, lines that look like a program | 3 |
| talk about code, without any in it | 2 |
| mathematics: symbols, formulas, or words such as "integral" and 概率 | 3 |
| words that ask for thought ("why", "compare", 分析), each once | 1 each, 4 at most |
| conditions and steps ("if", "then", 假设), two or more of them | 1 |
| every question after the first; points of a list likewise | 1 each, 2 at most |

0 or 1 points are "low", 2 and 3 "medium", 4 and more "high". Words are known in English and Chinese; in other
languages length, code, formulas and question marks still count.
"""

import re
from collections.abc import Iterable

from bot.domain.models import Complexity

LONGEST = 4_000
"""Characters that are looked at; length counts beyond them. It bounds the time to some milliseconds."""

# Every repetition is bounded or begins at a fixed place: people send a hundred thousand blanks, too.
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_CJK = re.compile(f"[{_HAN}]")
_WORD = re.compile(rf"[^\W\d_{_HAN}]+")
_CODE = re.compile(
    r"```|^Traceback \(|=>|\{[ \t]{0,4}$|[)\]}\"'];[ \t]{0,4}$|\b\w{1,40}\(\w{0,40}\) ?[:{]|SELECT .{1,80} FROM "
    r"|^[ \t]{0,16}(?:#include|public (?:static|class|void)|(?:import|from) [\w.]{1,40}(?:;?$| import )"
    r"|(?:def|func?|function) \w{1,40}\(|class \w{1,40}[:({]|(?:const|let|var) \w{1,40} ?=)",
    re.MULTILINE,
)
_FORMULA = re.compile(r"[∫∑√∏∂≤≥≠∞]|\\(?:frac|int|sum|sqrt|begin)\b|\b[a-z] ?\^ ?\d|\b[xyz] ?[=+*/-] ?\d")
_QUESTION = re.compile(r"[?？]+")
_POINT = re.compile(r"^[ \t]{0,16}(?:[-*•]|\d{1,2}[.)、]) {0,4}\S", re.MULTILINE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODING = _words(
    "python javascript typescript java rust golang sql regex regexp algorithm function code coding script api bug"
    " compile compiler segfault exception html css"
)
_CODING_SAID = _words("c++ 代码 代碼 函数 函數 算法 演算法 正则 正則 编程 編程 脚本 腳本 程序 程式 报错 報錯")
_MATHS = _words(
    "integral integrals derivative derivatives differentiate equation equations theorem proof probability matrix"
    " matrices eigenvalue eigenvalues irrational polynomial polynomials"
)
_MATHS_SAID = _words("积分 積分 求导 求導 导数 導數 方程 定理 概率 機率 矩阵 矩陣 数列 數列 证明 證明 无理数 無理數")
_THOUGHT = _words(
    "why explain compare analyze analyse design debug optimize optimise evaluate prove derive strategy refactor"
    " recommend architecture diagnose critique tradeoff tradeoffs"
)
_THOUGHT_SAID = (
    *("step by step", "trade-off", "pros and cons"),
    *_words(
        "为什么 為什麼 解释 解釋 比较 比較 对比 對比 分析 设计 設計 一步一步 逐步 权衡 權衡 优缺点 優缺點 方案"
        " 调试 調試 优化 優化 评估 評估 推导 推導 策略 重构 重構 建议 建議"
    ),
)
_STEPS = _words("if then first assuming suppose unless finally afterwards without")
_STEPS_SAID = (
    *("given that", "at least", "at most"),
    *_words("如果 假设 假設 首先 然后 然後 最后 最後 至少 最多 除非 要求"),
)

_MOST_THOUGHT, _MOST_PARTS = 4, 2
_LENGTHS = ((800, 3), (200, 2), (60, 1))


def complexity(text: str) -> Complexity:
    """How hard `text` looks."""
    points = score(text)
    if points >= 4:
        return "high"
    return "medium" if points >= 2 else "low"


def score(text: str) -> int:
    """The points of the table above."""
    start = text[:LONGEST]
    seen = start.lower()
    words = _WORD.findall(seen)
    code = 3 if _CODE.search(start) else 2 if _said(_CODING, _CODING_SAID, words, seen) else 0
    return _length(text, len(words), seen) + code + _maths(words, seen) + _thought(words, seen) + _parts(seen)


def _length(text: str, words: int, seen: str) -> int:
    spoken = words + len(_CJK.findall(seen)) * 2 / 3
    if len(text) > LONGEST:
        spoken *= len(text) / LONGEST
    return next((points for least, points in _LENGTHS if spoken >= least), 0)


def _maths(words: Iterable[str], seen: str) -> int:
    return 3 if _FORMULA.search(seen) or _said(_MATHS, _MATHS_SAID, words, seen) else 0


def _thought(words: Iterable[str], seen: str) -> int:
    steps = 1 if _said(_STEPS, _STEPS_SAID, words, seen) >= 2 else 0
    return min(_MOST_THOUGHT, _said(_THOUGHT, _THOUGHT_SAID, words, seen)) + steps


def _said(single: frozenset[str], phrases: Iterable[str], words: Iterable[str], seen: str) -> int:
    """How many of these there are, each counted once. Chinese has no spaces: its words are looked for as phrases."""
    return len(single.intersection(words)) + sum(phrase in seen for phrase in phrases)


def _parts(seen: str) -> int:
    questions, points = len(_QUESTION.findall(seen)), len(_POINT.findall(seen))
    return min(_MOST_PARTS, max(questions, points, 1) - 1)
