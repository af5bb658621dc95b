"""What stands under an answer: how it ended, that a lighter model stepped in, which limits are nearly used up."""

from collections.abc import Iterable

from bot.domain.quotas import Standing
from bot.texts import Text, code, plural, text
from bot.texts.limits import rule_name, standing_name
from bot.turns import Asked, Begun, Outcome

_ENDINGS = {
    "stopped": text("⏹ Stopped."),
    "steered": text("↪ Going on with your next message."),
    "interrupted": text("⚠️ The answer broke off here. Ask again, or say “continue”."),
    "length": text("✂️ The answer reached its longest size. Say “continue” for more."),
    "cached": text("♻️ Answered from the cache."),
    "content_filter": text("⚠️ The provider's content filter ended the answer here."),
}


def footnotes(asked: Asked, begun: Begun, outcome: Outcome, nearly: Iterable[Standing]) -> list[Text]:
    """One line each. `nearly` are the limits of which the person should know now."""
    ending = _ENDINGS.get("cached" if outcome.cached and outcome.ending == "stop" else outcome.ending)
    lines = [ending] if ending else []
    lines += [*asked.material.notes, *_unseen(begun, outcome)]
    if begun.merged > 1:
        lines.append(
            plural("🧩 {count} message was read as one.", "🧩 {count} messages were read as one.", begun.merged)
        )
    if begun.spared is not None:
        lines.append(_spared(begun.spared.standing, begun.chain.name))
    return lines + [text("🔔 {standing}", standing=standing_name(one)) for one in nearly]


def _unseen(begun: Begun, outcome: Outcome) -> list[Text]:
    """Who stepped in may not see what the first model would have."""
    call = outcome.completion.call
    if call is None or call.card.sees_images or not begun.question.pictures:
        return []
    return [text("🙈 {model} answered, which cannot see pictures.", model=code(call.card.name))]


def _spared(standing: Standing, tier: str) -> Text:
    values = {"limit": rule_name(standing.rule), "tier": code(tier)}
    if standing.resets_at is None:
        return text("💡 Used up: {limit}. So {tier} answered.", **values)
    return text("💡 Used up: {limit}, back on {resets_at}. So {tier} answered.", **values, resets_at=standing.resets_at)
