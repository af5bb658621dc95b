"""The words by which texts are found again: stems of words, pairs of Chinese characters, dates.

One analysis for texts of any languages mixed: runs of letters lose their stop words and endings (Porter2), runs of
Chinese, Japanese or Korean characters, which know no spaces, become pairs and single characters. Measured against
SQLite's and PostgreSQL's own full-text search: docs/adr/0013-recall-by-our-own-index.md.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from snowballstemmer.english_stemmer import EnglishStemmer

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")

_LONGEST_WORD = 64
"""Characters of a word that count: what is longer is a key, a hash or a mistake."""

_LITTLE_WORDS = (
    "a an and are as at be been being but by can could did do does doing done for from had has have having he her hers"
    " him his how i if in into is it its just me my of on or our ours she should so some such than that the their"
    " theirs them then there these they this those to too up us very was we were what when where which who whom whose"
    " why will with would you your yours about after all also am any because before between both down during each few"
    " further here itself more most much must myself no nor not now off once only other out over own same s t don d ll"
    " m re ve under until while again against kind type many"
)
_STOP_WORDS = frozenset(_LITTLE_WORDS.split())
_STOP_CHARACTERS = frozenset(
    "的了吗呢吧啊是在有和也都就不我你他她它们这那什么哪些个怎样过给对于把被让说去到很会要想可以还"
    "這嗎麼們個樣過給對於讓說會還"
)

_YEAR_OF_MONTHS = "january february march april may june july august september october november december"
_MONTHS = _YEAR_OF_MONTHS.split()
_NAMED = re.compile(
    r"(?:\b(?P<before>\d{1,2})(?:st|nd|rd|th)?(?: of)? )?"
    rf"\b(?P<month>{'|'.join(_MONTHS)})\b"
    r"(?:,? (?P<after>\d{1,2})(?:st|nd|rd|th)?\b(?!\d))?(?P<year>,? 20\d\d)?"
)
_CHINESE = re.compile(r"(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*[日号號])?")
_ISO = re.compile(r"\b20\d\d-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b")
_YEAR = re.compile(r"\b(20\d\d)(?:\b|年)")


def terms(text: str) -> list[str]:
    """What a text can be found by, in order, as often as it occurs."""
    return [term for run in _RUN.findall(text.lower()) for term in _of_run(run)]


def _of_run(run: str) -> Iterator[str]:
    if _IS_CJK.match(run):
        pairs = pairwise(run)
        yield from (a + b for a, b in pairs if not (a in _STOP_CHARACTERS and b in _STOP_CHARACTERS))
        yield from (one for one in run if one not in _STOP_CHARACTERS)
    elif run not in _STOP_WORDS:
        yield _stem(run[:_LONGEST_WORD])


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    # 20 µs, a hundred times what it takes to remember it. The stemmer itself keeps state: one for each word.
    return str(EnglishStemmer().stemWord(word))


def shared(question: str, text: str) -> list[str]:
    """The words of a question by which a text is found, as they stand in the question; of Chinese, pairs."""
    there = set(terms(text))
    runs = [run for run in _RUN.findall(question.lower()) if not _IS_CJK.match(run)]
    words = [run for run in runs if there.intersection(terms(run))]
    pairs = [term for term in terms(question) if len(term) == 2 and _IS_CJK.match(term) and term in there]
    return list(dict.fromkeys([*words, *pairs]))


def date_terms(day: date) -> list[str]:
    """What a text that was said on that day can be found by, beside its words."""
    return [f"@y{day.year}", f"@m{day.month}", f"@d{day.month}-{day.day}"]


def dates_in(text: str) -> list[str]:
    """The same terms for the dates that a question names: `in May`, `8 May 2026`, `2026-05-08`, `5月8号`."""
    text = text.lower()
    found = [term for one in _NAMED.finditer(text) for term in _named(one)]
    for pattern in (_CHINESE, _ISO):
        for one in pattern.finditer(text):
            found += _month_and_day(int(one["month"]), int(one["day"] or 0))
    return [*dict.fromkeys([*found, *(f"@y{year}" for year in _YEAR.findall(text))])]


def _named(one: re.Match[str]) -> list[str]:
    if one["month"] == "may" and not (one["before"] or one["after"] or one["year"]):
        return []  # which may well be the verb
    return _month_and_day(_MONTHS.index(one["month"]) + 1, int(one["before"] or one["after"] or 0))


def _month_and_day(month: int, day: int) -> list[str]:
    return [f"@m{month}", f"@d{month}-{day}"] if day else [f"@m{month}"]


def key(term: str) -> int:
    """A term as the index keeps it: 64 bits, signed. Nobody can read in the index what was said."""
    return int.from_bytes(blake2b(term.encode(errors="replace"), digest_size=8).digest(), "big", signed=True)
