"""Keys, tokens and passwords in texts: those that vendors give a form, and those that something says are secret."""

import re
from collections.abc import Iterator

_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=:,.\\\s]|-(?!----)){0,20000}+(?:-----END [A-Z0-9 ]{0,50}-----)?"
)
"""A private key; of one that was cut off, what is there."""

_VENDORS = (
    r"sk-[A-Za-z0-9_-]{20,}+",  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}+",  # Stripe
    r"gh[oprsu]_[A-Za-z0-9]{30,}+|github_pat_[A-Za-z0-9_]{30,}+",
    r"glpat-[A-Za-z0-9_.-]{16,}+",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}+|xapp-[A-Za-z0-9-]{10,}+",  # Slack
    r"[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",  # Telegram
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",  # AWS
    r"AIza[A-Za-z0-9_-]{30,}+|ya29\.[A-Za-z0-9_-]{20,}+|GOCSPX-[A-Za-z0-9_-]{20,}+",  # Google
    r"hf_[A-Za-z0-9]{20,}+|npm_[A-Za-z0-9]{30,}+|pypi-[A-Za-z0-9_-]{40,}+|dop_v1_[a-f0-9]{60,}+",
    r"SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+",  # SendGrid
    r"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+)?",  # JSON Web Tokens
)
_KNOWN = re.compile(rf"(?<![A-Za-z0-9_-])(?:{'|'.join(_VENDORS)})")

_IN_ADDRESS = re.compile(r"://[^\s/:@]{0,64}:([^\s/@]{1,128})@")
_BEARER = re.compile(r"(?i)\bbearer[ ]{1,3}([A-Za-z0-9._~+/-]{16,}+=*)")
_ASSIGNED = re.compile(
    r"""(?i)(?:api[_-]?key|access[_-]?key|secret(?:[_-]?key)?|token|passwd|password|passwort|пароль|密码|密碼)
        ["']?[ ]{0,3}[:=：][ ]{0,3}["']?([^\s"'`,;()\[\]{}<>]{8,200}+)""",
    re.VERBOSE,
)
_HINTS = ("key", "secret", "token", "passw", "пароль", "密码", "密碼")
"""One of these stands where something is assigned. They are looked for first, which is many times faster."""


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each of them stands, in characters."""
    for pattern in (_BLOCK, _KNOWN):
        yield from (match.span() for match in pattern.finditer(text))
    yield from (match.span(1) for match in _IN_ADDRESS.finditer(text))
    lowered = text.lower()
    if "bearer" in lowered:
        yield from (match.span(1) for match in _BEARER.finditer(text))
    if any(hint in lowered for hint in _HINTS):
        yield from (match.span(1) for match in _ASSIGNED.finditer(text) if _looks_random(match[1]))


def _looks_random(word: str) -> bool:
    """Letters and digits: `password: required` and `token = request.token` tell nothing."""
    return any(letter.isdecimal() for letter in word) and any(letter.isalpha() for letter in word)


def usable(secret: str) -> bool:
    """Whether it can stand in an HTTP header as it is."""
    return bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret
