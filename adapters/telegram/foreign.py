"""Words of others in a message: forwarded, quoted, replied to. The model is told whose they are.

What others said stands behind a line that says so, and each of its lines begins with `> `: nothing that is said there
can end it. Those lines are for the model, and so in English whatever the person's language.
"""

import re

from adapters.telegram.raw import Json, integer_in, object_in, string_in

_LONGEST = 4096  # characters, as long as a message may be
_EXCERPT = 200  # characters of an answer of ours, which stands in the conversation anyway
_LONGEST_NAME = 64


def is_forwarded(message: Json) -> bool:
    """Whether its words are somebody else's."""
    return object_in(message, "forward_origin") is not None


def forwarded(message: Json, text: str) -> str:
    """The words of a message, marked if it was forwarded."""
    origin = object_in(message, "forward_origin")
    return _marked("Forwarded, written", origin, text) if origin and text else text


def replying(message: Json, text: str, *, bot: int, private: bool) -> str:
    """What somebody says about a message, behind what that one says."""
    about = _quoted(message, bot=bot, private=private)
    return "\n\n".join(part for part in (about, text) if part)


def _quoted(message: Json, *, bot: int, private: bool) -> str:
    """The message that is replied to, or what was quoted of it.

    In a group a reply is how one speaks to the bot, and says nothing about which of its answers is meant.
    """
    answered = object_in(message, "reply_to_message") or {}
    elsewhere = object_in(message, "external_reply") or {}
    quote = object_in(message, "quote")
    origin = object_in(elsewhere, "origin") or _origin(answered)
    ours = _is_ours(answered, bot)
    if quote and (said := string_in(quote, "text")):
        return _marked("About these words", None if ours else origin, said, of="of yours" if ours else "")
    said = string_in(answered, "text") or string_in(answered, "caption") or ""
    if not said or (ours and not private):
        return ""
    if ours:
        return _marked("About these words", None, said, of="of yours", most=_EXCERPT)
    return _marked("About what was written", origin, said)


def _is_ours(answered: Json, bot: int) -> bool:
    author = object_in(answered, "from")
    return author is not None and "id" in author and integer_in(author, "id") == bot


def _origin(message: Json) -> Json:
    """A message as where words come from: as `MessageOrigin` of the Bot API."""
    if group := object_in(message, "sender_chat"):
        return {"sender_chat": group}
    return {"sender_user": object_in(message, "from") or {}}


def _marked(how: str, origin: Json | None, text: str, *, of: str = "", most: int = _LONGEST) -> str:
    text = text.strip()
    cut = text if len(text) <= most else f"{text[:most].rstrip()} …"
    whose = of or (f"by {name}" if origin and (name := _name(origin)) else "by somebody else")
    return "\n".join([f"[{how} {whose}:]", *(f"> {line}" for line in cut.splitlines())])


def _name(origin: Json) -> str:
    """Who wrote it, on one line; "" if Telegram does not say."""
    user = object_in(origin, "sender_user") or {}
    group = object_in(origin, "sender_chat") or object_in(origin, "chat") or {}
    names = (string_in(user, "first_name"), string_in(user, "last_name"))
    name = " ".join(one for one in names if one) or string_in(group, "title") or string_in(group, "first_name")
    kept = re.sub(r"[\[\]]", " ", name or string_in(origin, "sender_user_name") or "")
    return "".join(letter for letter in " ".join(kept.split()) if letter.isprintable())[:_LONGEST_NAME]
