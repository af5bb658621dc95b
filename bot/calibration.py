"""What calls taught about models, for the next ones: kept in this process, and in the database for the next start."""

from collections.abc import Mapping

from bot.domain.calibration import Lesson
from bot.domain.context import ContextWindow
from bot.domain.models import ModelCard
from bot.storage import UnitOfWork
from bot.turns import Begun, Outcome

_NOTHING = Lesson()


class Calibration:
    """Lessons by model. `known` is what was learnt before this process began."""

    def __init__(self, known: Mapping[str, Lesson] | None = None) -> None:
        self._known = dict(known or {})
        self._written = dict(self._known)

    def window(self, card: ModelCard, *, longest: int, answer: int) -> ContextWindow:
        """What of a model's window we use: at most `longest` tokens, `answer` of them for the answer."""
        lesson = self._known.get(card.ref, _NOTHING)
        size = min(card.window, longest, lesson.window or card.window)
        return ContextWindow(size=size, wanted_room=answer, ratio=lesson.ratio)

    def overflowed(self, card: ModelCard, told: int | None, *, tried: int) -> int:
        """A prompt for a window of `tried` tokens was too long. Returns the window, in tokens, to try next.

        Only a size that the server told is learnt. Where it tells none, or one that we kept to, the prompt's words were
        counted wrong: half is tried for this turn, and one person's odd words shrink nobody else's window.
        """
        if told is None or told >= tried:
            return max(tried // 2, 1)
        self._known[card.ref] = self._known.get(card.ref, _NOTHING).overflowed(window=max(told, 1))
        return max(told, 1)

    async def learn(self, work: UnitOfWork, begun: Begun, outcome: Outcome) -> None:
        """After an answer: compare what was counted, and write down what is new."""
        usage, call = outcome.completion.usage, outcome.completion.call
        # Pictures are estimated by a formula, and of masked words the real ones were counted: neither says anything.
        if usage is None or usage.estimated or call is None or call.cached or call.masked or begun.pictured:
            return
        ref = call.card.ref
        learnt = self._known.get(ref, _NOTHING).counted(estimate=begun.fitted.tokens, reported=usage.input)
        self._known[ref] = learnt
        if learnt.differs(self._written.get(ref, _NOTHING)):
            await work.contexts.learn(ref, learnt)
            self._written[ref] = learnt
