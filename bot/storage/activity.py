"""How much is going on: sums over the record of calls, each over a short and bounded time. Times are milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import CompletionRefused, ContextOverflow
from bot.storage.tables import call, identity

_MOST_LARGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Calls of some time. `failed` are those that gave no answer or half of one, refusals apart; `cost` in micro-US$.

    Batches are in the cost alone.
    """

    calls: int = 0
    failed: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeCall:
    """The largest call of a person with a model. `person` is an identity as text."""

    person: str
    model: str
    tokens: int


# What one person's words were refused for, or too long for, is no trouble of an endpoint's.
_OWN = (CompletionRefused.__name__, ContextOverflow.__name__)
_failed = sa.or_(sa.and_(call.c.failed, call.c.ending.not_in(_OWN)), call.c.ending == "interrupted")
# The requests of a batch are all written down at once, when it is done: they say nothing of how much is going on.
_single = call.c.purpose != "batch"
_SUMS = sa.select(
    sa.func.coalesce(sa.func.sum(sa.case((_single, 1), else_=0)), 0).label("calls"),
    sa.func.coalesce(sa.func.sum(sa.case((sa.and_(_failed, _single), 1), else_=0)), 0).label("failed"),
    sa.func.coalesce(sa.func.sum(call.c.cost), 0).label("cost"),
).where(
    call.c.at >= sa.bindparam("since", type_=sa.BigInteger), call.c.at < sa.bindparam("before", type_=sa.BigInteger)
)
_PERSON = (
    sa.select(sa.func.min(identity.c.platform + ":" + identity.c.user))
    .where(identity.c.account_id == call.c.account_id)
    .scalar_subquery()
)
_tokens = call.c.input_tokens + call.c.output_tokens
_LARGE = (
    sa.select(_PERSON.label("person"), call.c.asked, sa.func.max(_tokens).label("tokens"))
    .where(call.c.at >= sa.bindparam("since", type_=sa.BigInteger), _tokens > sa.bindparam("more_than"))
    .group_by(call.c.account_id, call.c.asked)
    .order_by(sa.text("tokens DESC"))
    .limit(_MOST_LARGE)
)


class Activity:
    """The record of calls as sums, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sums(self, since: int, before: int) -> Sums:
        """What went on from one instant to another."""
        row = (await self._connection.execute(_SUMS, {"since": since, "before": before})).one()
        return Sums(calls=int(row.calls), failed=int(row.failed), cost=int(row.cost))

    async def large(self, since: int, *, more_than: int) -> Sequence[LargeCall]:
        """Calls of more tokens than that, the largest first, at most twenty."""
        rows = await self._connection.execute(_LARGE, {"since": since, "more_than": more_than})
        return [LargeCall(person=row.person or "", model=row.asked, tokens=int(row.tokens)) for row in rows]
