"""The chore that puts what was said into the index, before it leaves the prompts."""

import asyncio
from collections import defaultdict
from datetime import datetime, tzinfo

from bot.chores import Chore
from bot.domain.recall import pieces
from bot.domain.terms import date_terms, key, terms
from bot.errors import Conflict
from bot.inbox import Lease
from bot.ports import TokenCounter
from bot.storage import NewPiece, Spoken

_AT_ONCE = 8
"""Turns in one transaction: some three milliseconds."""


class Indexing:
    """Indexes the turns of a conversation that are not in the index yet, each once."""

    def __init__(self, tokens: TokenCounter, zone: tzinfo) -> None:
        self._tokens = tokens
        self._zone = zone

    async def __call__(self, lease: Lease, chore: Chore) -> None:
        """The chore `index`, of a conversation."""
        try:
            while await self._some(lease, chore.facts["conversation"]):
                pass
        except Conflict:
            return  # somebody had it forgotten meanwhile

    async def _some(self, lease: Lease, conversation: int) -> bool:
        async with lease.begin() as work:
            after = (await work.contexts.of(conversation)).indexed
            turns = await work.spoken.unindexed(conversation, after=after, most=_AT_ONCE)
        if not turns:
            return False
        by_account: dict[int, list[NewPiece]] = defaultdict(list)
        for turn in turns:
            by_account[turn.account] += await self.pieces(turn)
            await asyncio.sleep(0)  # a long answer takes milliseconds: whoever waits comes first
        async with lease.begin() as work:
            for account, new in by_account.items():
                await work.memories.add(conversation, account, new)
            await work.contexts.index(conversation, turns[-1].id)
        return True

    async def pieces(self, turn: Spoken) -> list[NewPiece]:
        dates = date_terms(datetime.fromtimestamp(turn.at / 1000, self._zone).date())
        return [
            NewPiece(
                turn_id=turn.id,
                answer=answer,
                starts=starts,
                ends=ends,
                tokens=await self._tokens.count(text[starts:ends]),
                terms=[key(term) for term in terms(text[starts:ends])],
                dates=[key(date) for date in dates],
            )
            for answer, text in ((False, turn.question), (True, turn.answer))
            for starts, ends in pieces(text)
        ]
