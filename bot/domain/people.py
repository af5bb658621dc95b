"""Who somebody is on a platform, and what they are to us."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Self


class Role(IntEnum):
    """What somebody is to the bot; a higher role may use what a lower one may.

    BLOCKED may nothing. NEWCOMER was not let in yet. GUEST talks. SUPPORT sees what admins see and changes nothing.
    OWNER comes from the setting ADMINS alone, and nobody in a chat can take it away.
    """

    BLOCKED = 0
    NEWCOMER = 1
    GUEST = 2
    MEMBER = 3
    SUPPORT = 4
    ADMIN = 5
    OWNER = 6


OPERATOR = "cli"
"""Where those are at home who use the command line. Nobody can be written to there."""

Busy = Literal["queue", "steer", "ignore"]
"""What becomes of a message that comes while an answer is written: it waits, both are answered together, or it is left
out."""

Belonging = Literal["full", "guest", "external", "group"]
"""What somebody is to the workspace they write from: one of its people (everybody, where there are no workspaces),
its guest, or somebody of another organisation (Slack Connect). A group that speaks itself, by one of its anonymous
admins, is nobody in particular: it may what guests may, and is never written to unasked."""


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
    """A person as an update shows them. `username` has no @; `language` is an IETF tag or None.

    `belonging` is None as long as the platform has not been asked. `chosen` is the language they chose (`/language`),
    None as long as nobody has looked.
    """

    identity: Identity
    name: str
    username: str | None = None
    language: str | None = None
    belonging: Belonging | None = None
    chosen: str | None = None

    @property
    def reads(self) -> str | None:
        """The language in which to speak to them: the chosen one, else the platform's, if it told any."""
        return self.chosen or self.language

    @classmethod
    def by_id(cls, identity: Identity) -> Self:
        """Somebody of whom an admin knows the id only. Where there are workspaces, theirs has to be asked still."""
        return cls(identity=identity, name=identity.user, belonging=None if "/" in identity.user else "full")
