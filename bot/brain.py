"""Which models a turn goes to, and what they get to see."""

from dataclasses import dataclass, field, replace

from bot.attachments.material import Room
from bot.calibration import Calibration
from bot.domain.completions import Prompt
from bot.domain.context import ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.models import LIGHT_CHAIN, Catalog, Chain, Guard, ModelCard, TurnFacts
from bot.domain.updates import Update
from bot.errors import MessageTooLong
from bot.llm.complexity import complexity
from bot.llm.routing import choose
from bot.masking import Masking
from bot.memory import NEVER, Memory, Past
from bot.personas import Cast, Personas
from bot.ports import TokenCounter
from bot.quotas import Quotas
from bot.storage import Account, UnitOfWork
from bot.turns import Begun, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a model would see, and how much of its window that takes: `question` is `words` and what goes with them."""

    card: ModelCard
    window: ContextWindow
    fitted: Fitted
    system: Weighed
    question: Weighed
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """The models, the system prompt, and how much of a window a turn may use (in tokens).

    `longest_question` None: as long as fits.
    """

    catalog: Catalog
    personas: Personas
    quotas: Quotas
    memory: Memory
    calibration: Calibration
    tokens: TokenCounter
    longest_context: int
    longest_answer: int
    longest_question: int | None = None
    masking: Masking = field(default_factory=Masking)

    def guard(self, account: Account) -> Guard:
        """How large what this person asks for may be."""
        return self.catalog.guard(self.quotas.plan_of(account))

    def window(self, card: ModelCard, guard: Guard) -> ContextWindow:
        """What of a model's window we use."""
        room = card.room(_least(self.longest_answer, guard.answer))
        return self.calibration.window(card, longest=_least(self.longest_context, guard.call), answer=room)

    def overflowed(self, card: ModelCard, told: int | None, guard: Guard) -> Guard:
        """The model's window is smaller than we thought: `told` tokens, if it said so. Returns what to keep to now."""
        return replace(guard, call=self.calibration.overflowed(card, told, tried=self.window(card, guard).size))

    async def cast(self, work: UnitOfWork, update: Update, account: Account, *, conversation: int, turn: int) -> Cast:
        """Who answers a turn, and whether personal data is hidden from them."""
        masked = self.masking.covers(self.quotas.plan_of(account), private=update.place.private)
        return await self.personas.cast(work, update, account, conversation=conversation, turn=turn, masked=masked)

    async def fit(
        self,
        work: UnitOfWork,
        past: Past,
        card: ModelCard,
        update: Update,
        question: Weighed,
        *,
        guard: Guard,
        cast: Cast,
    ) -> Fitted:
        """What of the past goes along. Raises MessageTooLong."""
        window = self.window(card, guard)
        return await self.memory.fit(
            work,
            past,
            window,
            system=cast.system,
            question=cast.asking(question),
            about=question.text,
            private=update.place.private,
        )

    def check(self, question: Weighed, guard: Guard) -> None:
        """Raises MessageTooLong for a question longer than the operator allows."""
        longest = _least(question.tokens, self.longest_question, guard.question)
        if question.tokens > longest:
            raise MessageTooLong(limit=longest, size=question.tokens)

    async def preview(self, work: UnitOfWork, account: Account, update: Update, conversation: int, words: str) -> Sight:
        """What the model would see with these words as the next message. Raises UserError."""
        question = Weighed(text=words, tokens=await self.tokens.count(words))
        past = await self.memory.past(work, conversation=conversation, account=account.id, turn=NEVER)
        cast = await self.cast(work, update, account, conversation=conversation, turn=NEVER)
        card = (await self.choose(work, account, update, past, question, cast=cast)).first
        window, asked = self.window(card, self.guard(account)), cast.asking(question)
        fitted = await self.memory.preview(
            work, past, window, system=cast.system, question=asked, about=words, private=update.place.private
        )
        return Sight(card=card, window=window, fitted=fitted, system=cast.system, question=asked, words=words)

    async def room(self, work: UnitOfWork, account: Account, update: Update, conversation: int) -> Room:
        """How much may go along with a message beside its words: what fits into the window when all else goes."""
        guard, words = self.guard(account), await self.tokens.count(update.text)
        cast = await self.cast(work, update, account, conversation=conversation, turn=NEVER)
        longest = self.window(self.catalog.default.first, guard).longest(cast.system) - cast.note.cost
        allowed = _least(longest, self.longest_question, guard.question)
        sees = any(card.sees_images for card in self.catalog.offered(self.quotas.plan_of(account)))
        return Room(tokens=allowed - words, sees=sees)

    async def learn(self, work: UnitOfWork, begun: Begun, outcome: Outcome, tokens: int) -> None:
        """After an answer of so many tokens: what it teaches about the model, and about the conversation."""
        await self.calibration.learn(work, begun, outcome)
        answer = Weighed(text=outcome.answer, tokens=tokens)
        turn = PastTurn(id=begun.turn, question=begun.question, answer=answer)
        await self.memory.prepare(work, begun.conversation, turn, begun.fitted)

    async def choose(
        self, work: UnitOfWork, account: Account, update: Update, past: Past, question: Weighed, *, cast: Cast
    ) -> Chain:
        """The models for a turn: the persona's, else by the operator's rules and the person's wish."""
        if chain := self._of_persona(cast, account):
            return chain
        pictured = bool(question.pictures) or past.pictured
        if not (self.catalog.rules or self.catalog.access or account.pinned_model or pictured):
            return self.catalog.default
        facts = TurnFacts(
            language=update.sender.reads or "",
            complexity=complexity(question.text),
            has_images=pictured,
            plan=self.quotas.plan_of(account),
            quota_left=await self.quotas.share_left(work, account),
            prompt_tokens=question.cost + cast.system.cost + past.tokens,
            message_length=len(question.text),
            pinned=account.pinned_model,
        )
        return choose(self.catalog, facts)

    def lighter(self, chain: Chain, account: Account) -> Chain | None:
        """What is left when the quota for a chain is used up; None if nothing is, or it is the lightest already."""
        light = self.catalog.chains.get(LIGHT_CHAIN)
        if light is None or chain.name == light.name:
            return None
        plan = self.quotas.plan_of(account)
        cards = tuple(card for card in light.cards if self.catalog.may_use(plan, card))
        return replace(light, cards=cards) if cards else None

    def _of_persona(self, cast: Cast, account: Account) -> Chain | None:
        """The models that a persona names, as far as the person may use them."""
        named, plan = cast.persona.model, self.quotas.plan_of(account)
        if not named:
            return None
        if (chain := self.catalog.chains.get(named)) is not None:
            cards = tuple(card for card in chain.cards if self.catalog.may_use(plan, card))
            return replace(chain, cards=cards) if cards else None
        card = self.catalog.find(named, plan)
        return Chain(name=named, cards=(card,)) if card else None

    def prompt(self, begun: Begun) -> Prompt:
        """What is sent: the system prompt, the past that fits, the question."""
        return Prompt(
            chain=begun.chain,
            messages=begun.fitted.messages(
                begun.cast.system.text, begun.cast.asking(begun.question), passing=bool(begun.cast.note.text)
            ),
            tokens=begun.fitted.tokens,
            answer_room=begun.room,
            key=f"conversation-{begun.conversation}",
            person=f"account-{begun.account.id}",
            priority=begun.reserved.priority,
            parameters=begun.cast.persona.parameters,
            most=begun.guard.turn,
            masked=begun.cast.masked,
            own=begun.own,
        )


def _least(size: int, *limits: int | None) -> int:
    return min([size, *(one for one in limits if one is not None)])
