"""Codes that let people in: easy to read out, hard to guess, stored as digests alone."""

import hmac
import re
from collections.abc import Callable
from hashlib import sha256

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are read as something else."""

_READ_AS = str.maketrans("ILO", "110")

_GROUP = 4


def new_code(length: int, choose: Callable[[str], str]) -> str:
    """A code such as `7K2M-9XQ4`, of five bits a letter; `choose` picks a letter at random, and unforeseeably."""
    chosen = "".join(choose(ALPHABET) for _ in range(length))
    return "-".join(chosen[at : at + _GROUP] for at in range(0, length, _GROUP))


def letters(code: str) -> str:
    """A code as it is compared, however it was written."""
    return re.sub(r"[\s_-]", "", code).upper().translate(_READ_AS)


def digest(code: str) -> str:
    """All of a code that is stored."""
    return sha256(letters(code).encode()).hexdigest()


def is_code(code: str, stored: str) -> bool:
    """Whether a code is the one of which the digest is stored; takes the same time whatever the answer."""
    return hmac.compare_digest(digest(code), stored)
