"""Which models a turn goes to, and what they get to see."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.completions import Prompt, PromptMessage
from bot.domain.context import ContextWindow, PastTurn, Weighed
from bot.domain.models import Catalog, Chain, ModelCard, TurnFacts
from bot.domain.updates import Update
from bot.errors import MessageTooLong
from bot.llm.complexity import complexity
from bot.llm.routing import choose
from bot.quotas import Quotas
from bot.storage import Account, UnitOfWork
from bot.turns import Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """The models, the system prompt, and how much of a window a turn may use (in tokens).

    `longest_question` None: as long as fits.
    """

    catalog: Catalog
    system: Weighed
    quotas: Quotas
    longest_context: int
    longest_answer: int
    longest_question: int | None = None

    def window(self, card: ModelCard) -> ContextWindow:
        """What of a model's window we use."""
        return ContextWindow(size=min(card.window, self.longest_context), wanted_room=card.room(self.longest_answer))

    def check(self, question: Weighed) -> None:
        """Raises MessageTooLong for a question longer than the operator allows."""
        if self.longest_question is not None and question.tokens > self.longest_question:
            raise MessageTooLong(limit=self.longest_question, size=question.tokens)

    async def past(self, work: UnitOfWork, conversation: int, turn: int) -> list[PastTurn]:
        """The turns before this one, the newest first, as many as any window could take."""
        past: list[PastTurn] = []
        tokens = 0
        async for stored in work.history.recent(conversation, before=turn):
            past.append(
                PastTurn(
                    question=Weighed(text=stored.question, tokens=stored.question_tokens),
                    answer=Weighed(text=stored.answer, tokens=stored.answer_tokens),
                )
            )
            tokens += past[-1].cost
            if tokens > self.longest_context:
                break
        return past

    async def choose(
        self, work: UnitOfWork, account: Account, update: Update, past: Sequence[PastTurn], question: Weighed
    ) -> Chain:
        """The models for a turn, by the operator's rules and the person's wish."""
        if not self.catalog.rules and account.pinned_model is None:
            return self.catalog.default
        facts = TurnFacts(
            language=update.sender.language or "",
            complexity=complexity(question.text),
            quota_left=(await self.quotas.quota(work, account.id)).share_left,
            prompt_tokens=question.cost + self.system.cost + sum(turn.cost for turn in past),
            message_length=len(question.text),
            pinned=account.pinned_model,
        )
        return choose(self.catalog, facts)

    def prompt(self, begun: Begun) -> Prompt:
        """What is sent: the system prompt, the past that fits, the question."""
        messages = [PromptMessage(role="system", text=self.system.text)] if self.system.text else []
        for turn in begun.fitted.turns:
            messages.append(PromptMessage(role="user", text=turn.question.text))
            messages.append(PromptMessage(role="assistant", text=turn.answer.text))
        messages.append(PromptMessage(role="user", text=begun.question.text))
        return Prompt(
            chain=begun.chain,
            messages=messages,
            tokens=begun.fitted.tokens,
            answer_room=begun.room,
            key=f"conversation-{begun.conversation}",
            person=f"account-{begun.account}",
            parameters=begun.parameters,
        )
