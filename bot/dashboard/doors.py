"""Who gets into the dashboard: by a link that works once, or vouched for by an identity provider; then by a session.

The browser keeps secrets, the database their digests. Links are signed too: what was made up is refused unasked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from bot.access import Access
from bot.domain.people import Identity, Role, Sender
from bot.domain.windows import milliseconds
from bot.ports import Clock
from bot.storage import Account, UnitOfWork
from bot.storage.sessions import Holder

LINK_MINUTES = 5
SESSION = timedelta(hours=12)
LEAST = Role.SUPPORT
"""Who may look; what they may do is what they may do in a chat."""

_SIGN_IN = "dashboard.enter"
_SIGN_OUT = "dashboard.leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who is signed in. `token` goes along with every form: no other site knows it."""

    account: Account
    role: Role
    token: str


class Doors:
    """The way in.

    Args:
        url: where the dashboard is, as browsers see it.
        key: signs links; the same in every process.
    """

    def __init__(self, url: str, key: bytes, access: Access, clock: Clock) -> None:
        self.url = url
        self._key = key
        self._access = access
        self._clock = clock

    async def offer(self, work: UnitOfWork, account: Account) -> str:
        """A link that signs its account in, once and soon; the link before it is void."""
        code, ends = secrets.token_hex(32), self._clock.now() + timedelta(minutes=LINK_MINUTES)
        link = self.signed("link", f"{code}.{milliseconds(ends)}")
        await work.sessions.offer(_digest(link), _holder(account), expires_at=milliseconds(ends))
        return f"{self.url}/enter?code={link}"

    async def enter(self, work: UnitOfWork, link: str) -> str | None:
        """Use a link: the secret of a new session, None if the link is none (any more)."""
        if self.read("link", link) is None:
            return None
        holder = await work.sessions.use(_digest(link), now=self._now())
        account = await work.people.find(holder.who) if holder else None
        return await self._begin(work, account, "link") if account else None

    async def vouched(self, work: UnitOfWork, who: Identity) -> str | None:
        """The same for somebody whom an identity provider knows."""
        account = await work.people.find(who) or await work.people.meet(Sender.by_id(who))
        return await self._begin(work, account, "oidc")

    async def guest(self, work: UnitOfWork, secret: str) -> Guest | None:
        """Whose session it is, if they may still look: roles are those of this moment."""
        holder = await work.sessions.holder(_digest(secret), now=self._now())
        account = await work.people.find(holder.who) if holder else None
        if account is None or self._access.role(account) < LEAST:
            return None
        return Guest(account=account, role=self._access.role(account), token=self._mac("form", secret))

    async def leave(self, work: UnitOfWork, guest: Guest, *, secret: str) -> None:
        """End a session."""
        await work.sessions.end(_digest(secret))
        who = str(guest.account.identity)
        await work.audit.add(actor=who, action=_SIGN_OUT, subject=who, facts={})

    def signed(self, purpose: str, words: str) -> str:
        """`words`, which hold no dot at their end, with a signature that is good for one purpose."""
        return f"{words}.{self._mac(purpose, words)}"

    def read(self, purpose: str, signed: str) -> str | None:
        """What was signed, None if we did not sign it for that."""
        words, _, mac = signed.rpartition(".")
        return words if hmac.compare_digest(mac.encode(), self._mac(purpose, words).encode()) else None

    async def _begin(self, work: UnitOfWork, account: Account, how: Literal["link", "oidc"]) -> str | None:
        if self._access.role(account) < LEAST:
            return None
        secret, ends = secrets.token_urlsafe(32), self._clock.now() + SESSION
        await work.sessions.begin(_digest(secret), _holder(account), now=self._now(), expires_at=milliseconds(ends))
        who = str(account.identity)
        await work.audit.add(actor=who, action=_SIGN_IN, subject=who, facts={"by": how})
        return secret

    def _mac(self, purpose: str, words: str) -> str:
        return hmac.new(self._key, f"{purpose}\n{words}".encode(), sha256).hexdigest()

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def _holder(account: Account) -> Holder:
    return Holder(account_id=account.id, who=account.identity)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
