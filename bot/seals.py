"""Seals: what people and models said, encrypted before it is stored. Without a key everything is written as it is.

AES-256-GCM with a random nonce of 96 bits; which column it belongs to is authenticated along with it, so that what was
sealed for one opens in no other. Keys are derived from the operator's by HKDF-SHA-256.
"""

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bot.errors import Unreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = 32
"""Bytes of an operator's key."""

_NAME = 8
_NONCE = 12

_PREFIX = "sealed:"
_MARK = b"sealed:1:"
_ESCAPED = b"sealed::"
"""Before what is written as it is and would pass for something sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One key. `name` is a fingerprint of it, the same wherever the key is, and tells nothing about it."""

    name: bytes
    cipher: "AESGCM" = field(repr=False)
    blinding: bytes = field(repr=False)

    @classmethod
    def of(cls, key: bytes) -> Self:
        # Imported here: it takes 20 ms of every start, and most have no key.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return cls(
            name=_derived(key, b"parley: name", _NAME),
            cipher=AESGCM(_derived(key, b"parley: values", KEY)),
            blinding=_derived(key, b"parley: digests", KEY),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """The keys of a process: `current` seals what is written, None writes it as it is; all of them open."""

    current: Seal | None = None
    known: Mapping[bytes, Seal] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Sequence[bytes], *, plain: bool = False) -> Self:
        """The first key seals, unless what is written is to be `plain` from now on."""
        seals = [Seal.of(key) for key in keys]
        return cls(current=None if plain else seals[0], known={one.name: one for one in seals})

    def seal(self, said: bytes, about: str) -> bytes:
        """As it is stored; `about` is what it belongs to, such as `turn.question`."""
        if self.current is None:
            return _ESCAPED + said if said.startswith((_MARK, _ESCAPED)) else said
        nonce = os.urandom(_NONCE)
        sealed = self.current.cipher.encrypt(nonce, said, about.encode())
        return _MARK + self.current.name + nonce + sealed

    def open(self, stored: bytes, about: str) -> bytes:
        """As it was said. Raises Unreadable: its key is missing, or it was changed or belongs elsewhere."""
        if not is_sealed(stored):
            return stored.removeprefix(_ESCAPED)
        from cryptography.exceptions import InvalidTag

        name, rest = _name_of(stored), stored[len(_MARK) + _NAME :]
        if name not in self.known:
            raise Unreadable(f"{about} is sealed by key {name.hex()}, which is not there")
        try:
            return self.known[name].cipher.decrypt(rest[:_NONCE], rest[_NONCE:], about.encode())
        except InvalidTag:
            raise Unreadable(f"{about} was changed, or belongs elsewhere") from None

    def seal_text(self, said: str, about: str) -> str:
        """The same for a column of text: what is sealed is in base64."""
        if self.current is None and not said.startswith(_PREFIX):
            return said
        stored = self.seal(said.encode("utf-8", "surrogatepass"), about)
        if is_sealed(stored):
            return (_MARK + b64encode(stored[len(_MARK) :])).decode("ascii")
        return stored.decode("utf-8", "surrogatepass")

    def open_text(self, stored: str, about: str) -> str:
        """The reverse. Raises Unreadable."""
        if not stored.startswith(_PREFIX):
            return stored
        return self.open(_bytes_of(stored), about).decode("utf-8", "surrogatepass")

    def blind(self, digest: str) -> str:
        """A digest of what was said, so that nobody without the key can try whether it fits their guess."""
        if self.current is None:
            return digest
        return hmac.new(self.current.blinding, digest.encode(), "sha256").hexdigest()

    def is_current(self, stored: bytes | str) -> bool:
        """Whether it is stored as it would be now."""
        raw = _bytes_of(stored) if isinstance(stored, str) else stored
        if self.current is None:
            return not is_sealed(raw)
        return is_sealed(raw) and _name_of(raw) == self.current.name


UNSEALED = Seals()
"""No key: what is written can be read by anybody, and nothing that is sealed can be opened."""


def is_sealed(stored: bytes) -> bool:
    return stored.startswith(_MARK)


def _bytes_of(stored: str) -> bytes:
    raw = stored.encode("utf-8", "surrogatepass")
    if not is_sealed(raw):
        return raw
    try:
        return _MARK + b64decode(raw[len(_MARK) :], validate=True)
    except ValueError:
        raise Unreadable("what looks sealed is not") from None


def _name_of(sealed: bytes) -> bytes:
    return sealed[len(_MARK) : len(_MARK) + _NAME]


def _derived(key: bytes, purpose: bytes, size: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=size, salt=None, info=purpose).derive(key)
