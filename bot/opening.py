"""The first transaction of a turn: who asks, in which conversation, which models answer, and what they may use."""

from collections.abc import Sequence

from bot.access import Access
from bot.accounting import Accounting
from bot.brain import Brain
from bot.domain.bursts import Message, joined
from bot.domain.context import Weighed, showing
from bot.domain.models import Chain
from bot.domain.pictures import Picture
from bot.domain.updates import Place
from bot.errors import AnsweredElsewhere, LeftOut, PriceUnknown, QuotaExceeded
from bot.moderation import Moderation
from bot.ownkeys import OwnKeys, along
from bot.ports import TokenCounter
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.storage import Account, UnitOfWork
from bot.turns import Asked, Begun, Opened


class Opening:
    """Begins turns. A turn that is begun again, after a crash, keeps what it has."""

    def __init__(
        self,
        *,
        brain: Brain,
        renewal: Renewal,
        tokens: TokenCounter,
        access: Access,
        accounting: Accounting,
        repeats: Repeats,
        moderation: Moderation,
        own_keys: OwnKeys | None = None,
    ) -> None:
        self._brain = brain
        self._renewal = renewal
        self._tokens = tokens
        self._access = access
        self._accounting = accounting
        self._repeats = repeats
        self._moderation = moderation
        self._own_keys = own_keys

    async def begin(self, asked: Asked) -> Begun:
        """Record the question and reserve what it may use. Raises UserError, NotAdmitted."""
        update = asked.update
        words = Weighed(text=asked.words, tokens=await self._tokens.count(asked.words))
        # A power cut may undo this, but not the message, which is then answered anew.
        async with asked.lease.begin(kept=False) as work:
            account = (await self._access.admit(work, update)).account
            asked = asked.by(account)
            update = asked.update
            await check_place(work, update.place)
            await self._moderation.admit(work, account.id)
            question = showing(words, await self._pictures(work, asked))
            guard = self._brain.guard(account)
            self._brain.check(question, guard)
            # "go on" is always the same, and one may say it as often as one likes
            if update.anew or not update.clicked:
                seen = " ".join(one.digest for one in question.pictures)
                self._repeats.check(account.id, asked.arrival, f"{question.text} {seen}")
            where = await self._renewal.where(work, update, account.id)
            question, messages = await self._asked(work, asked, account, where.conversation, question)
            turn, conversation = await work.history.begin(
                asked.arrival,
                conversation_id=where.conversation,
                account_id=account.id,
                question=question.text,
                tokens=question.tokens,
                messages=messages,
                pictures=len(question.pictures),
            )
            if question.pictures:
                await work.pictures.put(turn, question.pictures)
            past = await self._brain.memory.past(work, conversation=conversation, account=account.id, turn=turn)
            cast = await self._brain.cast(work, update, account, conversation=conversation, turn=turn)
            chain = await self._brain.choose(work, account, update, past, question, cast=cast)
            opened = Opened(
                conversation=conversation,
                left=where.left,
                account=account,
                turn=turn,
                question=question,
                guard=guard,
                past=past,
                cast=cast,
                merged=sum(1 for number, _ in messages if number),
                own=await self._own_keys.held(work, account.id) if self._own_keys else {},
            )
            return await self._reserve(work, asked, opened, chain)

    async def _pictures(self, work: UnitOfWork, asked: Asked) -> Sequence[Picture]:
        """Those that came with the message, or went with the question when its turn was begun before."""
        if not asked.begun_before:
            return asked.material.pictures
        return await work.pictures.of_arrival(asked.arrival) or asked.material.pictures

    async def _asked(
        self, work: UnitOfWork, asked: Asked, account: Account, conversation: int, question: Weighed
    ) -> tuple[Weighed, Sequence[Message]]:
        """The question and its messages, as the person wants what comes while an answer is written. Raises LeftOut."""
        update, where = asked.update, {"conversation_id": conversation, "account_id": account.id}
        if account.busy == "queue" or update.anew or update.edited:
            return question, asked.messages
        if account.busy == "ignore":
            if await work.history.came_meanwhile(asked.arrival, **where):
                raise LeftOut
            return question, asked.messages
        before = await work.history.steered(asked.arrival, **where)
        if before is None:
            return question, asked.messages
        seen = (await work.pictures.of([before.id])).get(before.id, ()) if before.pictures else ()
        text = joined([before.question, question.text])
        both = Weighed(
            text=text,
            tokens=before.question_tokens + question.tokens + 1,
            pictures=(*seen, *question.pictures),
        )
        return both, [*before.messages, *asked.messages]

    async def _reserve(self, work: UnitOfWork, asked: Asked, opened: Opened, chain: Chain) -> Begun:
        """Reserve along the chosen chain or, where its quota is used up, along the light one. Raises UserError."""
        try:
            return await self._along(work, asked, opened, chain)
        except QuotaExceeded as refused:
            light = self._brain.lighter(chain, opened.account)
            if light is None:
                raise
            try:
                return await self._along(work, asked, opened, light, spared=refused)
            except (PriceUnknown, QuotaExceeded):
                raise refused from None

    async def _along(
        self, work: UnitOfWork, asked: Asked, opened: Opened, chain: Chain, spared: QuotaExceeded | None = None
    ) -> Begun:
        """Fit the past into the window of a chain's first model, and reserve what the turn may use.

        What somebody has a key of their own for is asked with it and nothing else, whatever the operator would pay.
        """
        paid = along(chain, opened.own)
        chain = paid or self._accounting.allowed(chain)
        fitted = await self._brain.fit(
            work, opened.past, chain.first, asked.update, opened.question, guard=opened.guard, cast=opened.cast
        )
        answer_room = self._brain.window(chain.first, opened.guard).answer_room
        reserved = await self._accounting.reserve(
            work,
            asked,
            opened.account,
            chain=chain,
            prompt=fitted.tokens,
            answer_room=answer_room,
            own=paid is not None,
        )
        return Begun(
            conversation=opened.conversation,
            left=opened.left,
            account=opened.account,
            turn=opened.turn,
            question=opened.question,
            chain=chain,
            fitted=fitted,
            room=reserved.room,
            reserved=reserved,
            spared=spared,
            guard=opened.guard,
            cast=opened.cast,
            merged=opened.merged,
            own=opened.own if paid else {},
        )


async def check_place(work: UnitOfWork, place: Place) -> None:
    """Raises AnsweredElsewhere in a group whose questions are answered in another topic."""
    only = await work.groups.only(place.group) if place.group else None
    if only is not None and only[0] != place.thread:
        raise AnsweredElsewhere(only[1])
