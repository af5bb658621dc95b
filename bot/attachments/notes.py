"""What people are told about the files they sent: what was used, cut and refused."""

from collections.abc import Callable, Mapping, Sequence

from bot.attachments.limits import AttachmentLimits
from bot.domain.updates import Attachment, AttachmentKind
from bot.errors.files import Flaw
from bot.texts import Text, code, excerpt, lines, plural, text

_HEARD = 300
"""Characters of what was heard that are shown."""

Named = Callable[[str, AttachmentLimits], Text]

_REFUSALS: Mapping[Flaw, Named] = {
    "away": lambda name, _: text("🚫 I could not fetch {name}. Please send it again.", name=name),
    "blind": lambda name, _: text("🚫 The model that answers here cannot see pictures, so not {name}.", name=name),
    "bomb": lambda name, _: text("🚫 {name} would be far too large once it is unpacked.", name=name),
    "count": lambda name, limits: text(
        "🚫 {name} is one too many: of one message I take {files} files, {pictures} of them pictures.",
        name=name,
        files=limits.files,
        pictures=limits.pictures,
    ),
    "damaged": lambda name, _: text("🚫 {name} is damaged, so I cannot read it.", name=name),
    "deaf": lambda name, _: text("🚫 I cannot listen to {name} here. Please write to me.", name=name),
    "empty": lambda name, _: text("🚫 There is no text in {name}. If it was scanned, send it as a picture.", name=name),
    "kind": lambda name, _: text(
        "🚫 {name} is of a kind that I cannot read. I read pictures, text and code, and PDF.", name=name
    ),
    "large": lambda name, limits: text(
        "🚫 {name} is too large: I read files of up to {size} MB.", name=name, size=_mb(limits)
    ),
    "locked": lambda name, _: text("🚫 {name} is protected by a password.", name=name),
    "long": lambda name, limits: text(
        "🚫 {name} is too long: I listen for {minutes} min at most.", name=name, minutes=limits.seconds // 60
    ),
    "room": lambda name, _: text("🚫 There was no room for {name} beside the rest of your message.", name=name),
    "silent": lambda name, _: text("🚫 I heard no words in {name}.", name=name),
    "unheard": lambda name, _: text(
        "🚫 I could not listen to {name} right now. Please send it again in a minute, or write to me.", name=name
    ),
    "slow": lambda name, _: text("🚫 It took too long to read {name}.", name=name),
}

_STRANGERS: Mapping[AttachmentKind, Text] = {
    "video": text("🚫 I cannot watch videos. A picture of it or words would help."),
    "sticker": text("🚫 I cannot read stickers. Please say it in words."),
    "location": text("🚫 I cannot read locations. Please write the address."),
    "contact": text("🚫 I cannot read contacts. Please write what I should know of them."),
    "poll": text("🚫 I cannot read polls. Please write the question to me."),
    "other": text("🚫 I cannot read what you sent. Please say it in words."),
}


def refusal(attachment: Attachment, why: Flaw, limits: AttachmentLimits) -> Text:
    """Why a file is not used. What cannot be fetched at all is told by its kind."""
    if why == "kind" and (stranger := _STRANGERS.get(attachment.kind)) is not None:
        return stranger
    return _REFUSALS[why](code(attachment.safe_name), limits)


def used(names: Sequence[str]) -> Text:
    """What went to the model whole."""
    return text("📎 Read: {names}", names=", ".join(code(one) for one in names))


def heard(words: str) -> Text:
    """What somebody was understood to have said."""
    return text("🎤 Heard: {words}", words=code(excerpt(words, _HEARD)))


def pages_cut(name: str, read: int, pages: int) -> Text:
    """A document of which the end was left out."""
    return plural(
        "✂️ Of {name} I read {count} page, of {pages}.",
        "✂️ Of {name} I read the first {count} pages, of {pages}.",
        read,
        name=code(name),
        pages=pages,
    )


def text_cut(name: str, percent: int) -> Text:
    """A text of which the end was left out."""
    return text(
        "✂️ Of {name} I read the first {percent} %: there is no room for more.", name=code(name), percent=percent
    )


def together(notes: Sequence[Text]) -> Text:
    """All of them as an answer."""
    return lines(*notes)


def _mb(limits: AttachmentLimits) -> int:
    return max(1, limits.size // 1_000_000)
