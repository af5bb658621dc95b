"""How hard a message looks: a cheap guess from its words, the same every time.

| Sign | Points |
|---|---|
| length: 60, 200 or 800 words (a Chinese character is two thirds of one) | 1, 2, 3 |
| code in it: a fenced block, a stack trace, lines that look like a program | 3 |
| talk about code, without any in it | 2 |
| mathematics: symbols, formulas, or words such as "integral" and 概率 | 3 |
| words that ask for thought ("why", "compare", 分析), each once | 1 each, 3 at most |
| conditions and steps ("if", "then", 假设), two or more of them | 1 |
| every question after the first; points of a list likewise | 1 each, 2 at most |

0 or 1 points are "low", 2 and 3 "medium", 4 and more "high". Words are known in English and Chinese; in other
languages length, code, formulas and question marks still count.
"""

import re

from bot.domain.models import Complexity

LONGEST = 8_000
"""Characters that are looked at; length counts beyond them. Half a millisecond at most."""

_FLAGS = re.IGNORECASE
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_CODE = re.compile(
    r"```|^\s*(?:def |class |import |from \w+ import|#include|public |function |const |let |var |fn |func )"
    r"|^Traceback \(|\bSELECT\b.{1,200}\bFROM\b|[;{]\s*$|=>|\w+\(\w*\)\s*[:{]",
    re.MULTILINE,
)
_CODING = re.compile(
    r"\b(?:python|javascript|typescript|java|rust|golang|c\+\+|sql|regex|regexp|algorithm|function|code|coding|script"
    r"|api|bug|compiler?|unit tests?|stack trace|segfault|exception)\b"
    r"|代码|代碼|函数|函數|算法|演算法|正则|正則|编程|編程|脚本|腳本|程序|程式|报错|報錯",
    _FLAGS,
)
_MATHS = re.compile(
    r"[∫∑√∏∂≤≥≠∞]|\\(?:frac|int|sum|sqrt|begin)\b|\b[a-z]\s*\^\s*\d|\b[xyz]\s*[=+*/-]\s*\d"
    r"|\b(?:integrals?|derivatives?|differentiate|equations?|theorem|proof|probability|matrix|matrices|eigenvalues?"
    r"|irrational|polynomials?)\b"
    r"|积分|積分|求导|導數|导数|方程|定理|概率|機率|矩阵|矩陣|数列|證明|证明",
    _FLAGS,
)
_THOUGHT = re.compile(
    r"\b(why|explain|compare|analy[sz]e|design|step by step|trade-?offs?|pros and cons|debug|optimi[sz]e|evaluate"
    r"|prove|derive|strategy|refactor|recommend|architecture|diagnose|critique|reason)\b"
    r"|(为什么|為什麼|解释|解釋|比较|比較|对比|對比|分析|设计|設計|一步一步|逐步|权衡|權衡|优缺点|優缺點|方案|调试|調試"
    r"|优化|優化|评估|評估|推导|推導|证明|證明|策略|重构|重構|建议|建議)",
    _FLAGS,
)
_STEPS = re.compile(
    r"\b(if|then|first|given that|assuming|suppose|unless|finally|afterwards|at least|at most|without)\b"
    r"|(如果|假设|假設|首先|然后|然後|最后|最後|至少|最多|除非|要求)",
    _FLAGS,
)
_QUESTION = re.compile(r"[?？]+")
_POINT = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s*\S", re.MULTILINE)

_LENGTHS = ((800, 3), (200, 2), (60, 1))


def complexity(text: str) -> Complexity:
    """How hard `text` looks."""
    points = score(text)
    if points >= 4:
        return "high"
    return "medium" if points >= 2 else "low"


def score(text: str) -> int:
    """The points of the table above."""
    seen = text[:LONGEST]
    return _length(text, seen) + _subject(seen) + _thought(seen) + _parts(seen)


def _length(text: str, seen: str) -> int:
    words = len(_WORD.findall(seen)) + len(_CJK.findall(seen)) * 2 / 3
    if len(text) > len(seen):
        words *= len(text) / len(seen)
    return next((points for least, points in _LENGTHS if words >= least), 0)


def _subject(seen: str) -> int:
    code = 3 if _CODE.search(seen) else 2 if _CODING.search(seen) else 0
    return code + (3 if _MATHS.search(seen) else 0)


def _thought(seen: str) -> int:
    steps = 1 if len(_distinct(_STEPS, seen)) >= 2 else 0
    return min(3, len(_distinct(_THOUGHT, seen))) + steps


def _distinct(words: re.Pattern[str], seen: str) -> set[str]:
    return {found[0].lower() for found in words.finditer(seen)}


def _parts(seen: str) -> int:
    questions, points = len(_QUESTION.findall(seen)), len(_POINT.findall(seen))
    return min(2, max(questions, points, 1) - 1)
