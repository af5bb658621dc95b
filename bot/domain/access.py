"""Who may use the bot, and as what: what an operator set, and what admins decided about one person."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from bot.domain.people import Belonging, Identity, Role
from bot.domain.updates import Place
from bot.errors import AccessDenied, NotAdmitted

Entry = Literal["open", "list", "invitation", "approval"]
"""How strangers get in: by writing, only by being on the list, with a code, or when an admin approves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What the operator set.

    Args:
        owners: who may do everything.
        entry: how everybody else gets in.
        allowed: who is in without more ado: people, chats (whoever writes there) or workspaces (`slack:T1`).
        guests: whether guests of a workspace may be let in like others.
        external: whether people of other organisations may.
        admin_chats: chats beside direct messages in which admins have their commands.
    """

    owners: AbstractSet[Identity] = frozenset()
    entry: Entry = "open"
    allowed: AbstractSet[Identity] = frozenset()
    guests: bool = False
    external: bool = False
    admin_chats: AbstractSet[Identity] = frozenset()

    def role(
        self,
        who: Identity,
        belonging: Belonging | None,
        *,
        given: Role | None,
        blocked: bool,
        place: Place | None = None,
    ) -> Role:
        """What somebody is who writes from `place`; `given` is the role that an admin or a code gave them."""
        role = self._role(who, belonging, given=given, blocked=blocked, place=place)
        # Nobody knows which of its admins it is.
        return min(role, Role.GUEST) if belonging == "group" else role

    def _role(
        self, who: Identity, belonging: Belonging | None, *, given: Role | None, blocked: bool, place: Place | None
    ) -> Role:
        if who in self.owners:
            return Role.OWNER
        if blocked:
            return Role.BLOCKED
        if given is not None:
            return min(given, Role.ADMIN)
        if not self._may_enter(belonging):
            return Role.BLOCKED
        if self.entry == "open" or self._is_allowed(who, place):
            return Role.MEMBER if belonging == "full" else Role.GUEST
        return Role.NEWCOMER

    @property
    def chats(self) -> AbstractSet[Identity]:
        """Chats that the operator named, among others."""
        return self.allowed | self.admin_chats

    @property
    def welcome(self) -> list[Belonging]:
        """Who is in by what they are to the workspace, without anybody having decided about them."""
        if self.entry != "open":
            return []
        found: list[Belonging] = ["full"]
        return found + ["guest"] * self.guests + ["external"] * self.external

    def here(self, role: Role, place: Place) -> Role:
        """What somebody of that role may do at `place`: where others read along, nobody is more than a member."""
        alone = place.private or Identity(platform=place.platform, user=place.chat) in self.admin_chats
        return role if alone else min(role, Role.MEMBER)

    def _may_enter(self, belonging: Belonging | None) -> bool:
        """Whoever is not known to be one of the workspace's own people is taken for a guest."""
        match belonging:
            case "full" | "group":
                return True
            case "external":
                return self.external
        return self.guests

    def _is_allowed(self, who: Identity, place: Place | None) -> bool:
        workspace, slash, _ = who.user.partition("/")
        names = {who} | ({Identity(platform=who.platform, user=workspace)} if slash else set())
        if place is not None:
            names.add(Identity(platform=place.platform, user=place.chat))
        return not self.allowed.isdisjoint(names)


def turned_away(role: Role) -> AccessDenied | NotAdmitted:
    """Why somebody of that role may not even talk."""
    return AccessDenied() if role is Role.BLOCKED else NotAdmitted()
