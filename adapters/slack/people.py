"""What people are called, which language they read and whether they are guests: events carry only ids.

Looked up in the background after a person was first met: nobody waits for names and languages, so the first message
may still go by the id and in English. Whether somebody may speak at all is waited for, once: see `asked`.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace

from adapters.slack.calls import Calls, Facts
from bot.domain.people import Belonging, Identity, Sender
from bot.errors import PlatformError
from bot.ports import Clock

log = logging.getLogger(__name__)

_REMEMBERED = 5000
_WAITING = 200
_PAUSE = 0.7
"""Seconds between two lookups: users.info may be called 100 times a minute."""
_PATIENCE = 60.0
"""Seconds that somebody waits for their first answer while Slack takes no questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`language` is an IETF tag."""

    name: str
    username: str | None
    language: str | None
    belonging: Belonging


class People:
    """A bounded memory of profiles."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._known: OrderedDict[Identity, Profile] = OrderedDict()
        self._waiting: dict[Identity, None] = {}
        self._somebody = asyncio.Event()

    def named(self, sender: Sender) -> Sender:
        """The sender with what is known of them; whoever is unknown will be looked up."""
        profile = self._known.get(sender.identity)
        if profile is None:
            self._queue(sender.identity)
            return sender
        self._known.move_to_end(sender.identity)
        return _completed(sender, profile)

    async def asked(self, sender: Sender) -> Sender:
        """The sender with what Slack says of them now; as they were if it does not say."""
        until = self._clock.monotonic() + _PATIENCE
        while sender.identity not in self._known and self._calls.offers("users.info"):
            pause = await self._ask(sender.identity)
            if pause is None or self._clock.monotonic() + pause > until:
                break
            await self._clock.sleep(pause)
        profile = self._known.get(sender.identity)
        return _completed(sender, profile) if profile else sender

    async def _ask(self, identity: Identity) -> float | None:
        """Ask once. Seconds after which it is worth asking again, None if it is not."""
        try:
            self._learn(identity, await self._calls.ask("users.info", **_question(identity)))
        except PlatformError as error:
            log.warning("a person could not be looked up: %s", type(error).__name__)
            return None if error.permanent else max(_PAUSE, getattr(error, "retry_after", _PAUSE))
        return None

    def _queue(self, identity: Identity) -> None:
        if len(self._waiting) < _WAITING:
            self._waiting[identity] = None
            self._somebody.set()

    async def look_up(self) -> None:
        """Until cancelled, or until Slack says that we may not ask."""
        while True:
            await self._somebody.wait()
            identity = next(iter(self._waiting))
            try:
                self._learn(identity, await self._calls.ask("users.info", **_question(identity)))
            except PlatformError as error:
                log.info("a person could not be looked up: %s", error)
                if not self._calls.offers("users.info"):
                    return
            self._done(identity)
            await self._clock.sleep(_PAUSE)

    def _done(self, identity: Identity) -> None:
        """Whoever could not be found is asked for again with the next message."""
        del self._waiting[identity]
        if not self._waiting:
            self._somebody.clear()

    def _learn(self, identity: Identity, answer: Facts) -> None:
        user = answer.get("user") or {}
        shown = (user.get("profile") or {}).get("display_name") or user.get("real_name") or user.get("name")
        if not isinstance(shown, str):
            return
        self._known[identity] = Profile(
            name=shown, username=user.get("name"), language=user.get("locale"), belonging=_belonging(user)
        )
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _completed(sender: Sender, profile: Profile) -> Sender:
    return replace(
        sender,
        name=profile.name,
        username=profile.username,
        language=profile.language,
        belonging=sender.belonging or profile.belonging,
    )


def _belonging(user: Facts) -> Belonging:
    if user.get("is_stranger"):
        return "external"
    return "guest" if user.get("is_restricted") or user.get("is_ultra_restricted") else "full"


def _question(identity: Identity) -> dict[str, str]:
    return {"user": identity.user.partition("/")[2], "include_locale": "true"}
