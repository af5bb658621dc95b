"""Who somebody is on a platform."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One user of one platform. `user` is the platform's own id: `123` or, on Slack, `T1/U2`."""

    platform: str
    user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.user}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `telegram:123` or `slack:T1/U2`. Raises ValueError for anything else."""
        platform, colon, user = text.strip().partition(":")
        if not (platform and colon and user):
            raise ValueError(f"not an identity: {text!r} (expected platform:id)")
        return cls(platform=platform.lower(), user=user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A person as an update shows them. `username` has no @; `language` is an IETF tag or None."""

    identity: Identity
    name: str
    username: str | None = None
    language: str | None = None
