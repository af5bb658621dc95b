"""A sentence for everything that can go wrong for a person."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from bot import errors
from bot.domain.moderation import WORD
from bot.domain.quotas import Standing
from bot.texts import Text, Typed, code, lines, text
from bot.texts.limits import standing_line


def sentence(error: errors.ParleyError) -> Text:
    """What the person is told: what happened and what they can do. Never the error's own text."""
    for kind in type(error).__mro__:
        if make := _SENTENCES.get(kind):
            return make(error)
    return text("Something went wrong on my side. Nothing was charged; please try again.")


def _quota(error: errors.QuotaExceeded) -> Text:
    standing = error.standing
    return lines(_WHOSE[standing.whose], standing_line(standing), _again(standing))


_WHOSE: Mapping[str, Text] = {
    "own": text("Your quota does not reach for this:"),
    "pool": text("Neither your quota nor that of this group reaches for this:"),
    "chat": text("The quota of this group does not reach for this:"),
    "member": text("Your quota in this group does not reach for this:"),
}


def _again(standing: Standing) -> Text:
    if standing.resets_at is None:
        return text("{request} asks an admin for more.", request=Typed("quota request"))
    return text(
        "There is room again on {resets_at}. {request} asks an admin for more.",
        resets_at=standing.resets_at,
        request=Typed("quota request"),
    )


def _budget(error: errors.BudgetExhausted) -> Text:
    if error.span == "day":
        return text(
            "What this bot may spend in a day does not reach for another answer. Please try again after {resets_at}.",
            resets_at=error.resets_at,
        )
    return text(
        "What this bot may spend in a month does not reach for another answer. Please try again after {resets_at}.",
        resets_at=error.resets_at,
    )


def _busy(error: errors.UpstreamBusy) -> Text:
    if error.retry_after is None:
        return text("The model is overloaded right now. Nothing was charged; please try again in a minute.")
    return text(
        "The model is overloaded right now. Nothing was charged; please try again in {seconds} s.",
        seconds=max(1, round(error.retry_after)),
    )


def _irreversible(error: errors.NotReversible) -> Text:
    number = error.number
    return {
        "unknown": text("There is no change with the number {number}.", number=number),
        "late": text("Change no. {number} is older than a day and stays.", number=number),
        "final": text("No. {number} is nothing that can be taken back.", number=number),
        "reverted": text("Change no. {number} has been taken back already.", number=number),
        "changed": text("The same has been changed again since no. {number}, so that one stays.", number=number),
    }[error.why]


_KINDS: Mapping[str, Text] = {
    WORD: text("it has a word that is not allowed here"),
    "harassment": text("it attacks somebody"),
    "hate": text("it is hateful"),
    "illicit": text("it is about something illegal"),
    "self-harm": text("it is about harming oneself"),
    "sexual": text("it is sexual"),
    "violence": text("it is violent"),
}


def _categories(error: errors.MessageFlagged | errors.AnswerFlagged) -> Text:
    """The first of them, in words; vendors have finer ones (`hate/threatening`), and may invent others."""
    kinds = [kind for category in error.categories if (kind := _KINDS.get(category.partition("/")[0]))]
    return kinds[0] if kinds else text("moderation does not let it pass")


def _flagged(said: Text, error: errors.MessageFlagged) -> Text:
    """Whoever thinks of harming themselves needs more than a refusal."""
    if not any(category.startswith("self-harm") for category in error.categories):
        return said
    help_ = text(
        "If you are thinking of harming yourself, please talk to somebody now: a friend, a doctor, a helpline."
    )
    return lines(said, help_)


_SENTENCES: Mapping[type[BaseException], Callable[[Any], Text]] = {
    errors.AccessDenied: lambda _: text("You cannot use this bot. Ask an admin if you think that is wrong."),
    errors.PictureFailed: lambda _: text("I cannot draw pictures at the moment. An admin finds the reason in the log."),
    errors.UnderMaintenance: lambda error: (
        text("🔧 I am being worked on: {note}", note=error.note)
        if error.note
        else text("🔧 I am being worked on. Please try again later.")
    ),
    errors.UnknownCommand: lambda error: text(
        "I do not know the command {name}. {help} lists what I know.", name=code(error.name), help=Typed("help")
    ),
    errors.BadArgument: lambda error: text(
        "I cannot read that. Usage: `{usage}`\nFor example: `{example}`",
        usage=Typed(error.usage),
        example=Typed(error.example),
    ),
    errors.UnknownPerson: lambda error: text(
        "I have not met {name}. They must write to me once, or you name them by id, such as `telegram:123456`.",
        name=code(error.name),
    ),
    errors.AmbiguousPerson: lambda error: text(
        "{name} might be: {candidates}. Whom do you mean?",
        name=code(error.name),
        candidates=code(", ".join(error.candidates.values())),
    ),
    errors.Outranked: lambda error: text(
        "That takes a higher role than yours: {name} is out of your reach.", name=code(error.name)
    ),
    errors.ButtonOfAnother: lambda _: text("This button is for whoever asked for it."),
    errors.ButtonExpired: lambda _: text("This button is too old. Please give the command again."),
    errors.TooManyAttempts: lambda _: text("Too many codes were tried in vain. Please try again in an hour."),
    errors.NotReversible: _irreversible,
    errors.UnknownModel: lambda error: text(
        "There is no model {name}. {model} lists those you can choose.", name=code(error.name), model=Typed("model")
    ),
    errors.RequestDecided: lambda error: text(
        "Too late: {admin} has decided about request no. {number} already.",
        admin=code(error.by),
        number=error.number,
    ),
    errors.UnknownPlan: lambda error: text(
        "There is no plan {name}. {plan} lists them, {new} makes one.",
        name=code(error.name),
        plan=Typed("plan list"),
        new=Typed("plan new"),
    ),
    errors.UnknownPersona: lambda error: text(
        "There is no persona {name}. {persona} lists those there are.",
        name=code(error.name[:64]),
        persona=Typed("persona"),
    ),
    errors.LeftOut: lambda _: text(
        "I was still answering, so I left this out, as you chose in {settings}.", settings=Typed("settings")
    ),
    errors.AnsweredElsewhere: lambda error: (
        text("In this group I answer in the topic {topic} only.", topic=code(error.topic))
        if error.topic
        else text("In this group I answer in another topic only.")
    ),
    errors.MessageTooLong: lambda error: text(
        "Your message is too long for the model: {size} tokens, at most {limit} fit. Please shorten it.",
        size=error.size,
        limit=error.limit,
    ),
    errors.RepeatedTooOften: lambda error: text(
        "You have just asked this several times. Please wait {seconds} s, or ask in other words.",
        seconds=max(1, ceil(error.seconds)),
    ),
    errors.QuotaExceeded: _quota,
    errors.QuotaFrozen: lambda _: text(
        "An admin has frozen your quota for now. {request} asks them about it.", request=Typed("quota request")
    ),
    errors.BudgetExhausted: _budget,
    errors.PriceUnknown: lambda _: text(
        "The model's price is unknown, and this bot may use no such model. Its operator has to look into it."
    ),
    errors.MessageFlagged: lambda error: _flagged(
        text("🚫 I do not answer this message: {what}. Nothing was charged.", what=_categories(error)), error
    ),
    errors.AnswerFlagged: lambda error: text(
        "🚫 I do not show what the model answered: {what}. Nothing was charged.", what=_categories(error)
    ),
    errors.TimedOut: lambda error: text(
        "⏳ Too many of your messages were blocked. I answer you again from {until} on. {appeal} asks the admins.",
        until=error.until,
        appeal=Typed("appeal"),
    ),
    errors.UpstreamBusy: _busy,
    errors.UpstreamDown: lambda _: text(
        "The model cannot be reached right now. Nothing was charged; please try again in a minute."
    ),
    errors.ContextOverflow: lambda _: text(
        "This conversation does not fit into the model. Nothing was charged; {new} begins a fresh one.",
        new=Typed("new"),
    ),
    errors.CompletionRefused: lambda _: text("The provider refused this request. Nothing was charged."),
    errors.OwnKeyRefused: lambda error: text(
        "{endpoint} does not take your key for this model. Nothing was charged. {key} shows it, {forget} deletes it.",
        endpoint=error.endpoint,
        key=Typed("key"),
        forget=Typed("key forget"),
    ),
    errors.StreamInterrupted: lambda _: text("The answer broke off. Nothing was charged; please try again."),
    errors.UpstreamMisconfigured: lambda _: text(
        "The bot's access to the model does not work; its operator has to look into it. Nothing was charged."
    ),
}
