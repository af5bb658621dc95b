"""Answers as they grow on the screen, and the parts that stay.

In private chats a preview is a draft: it leaves nothing behind and ends with the message that replaces it. Groups
have no drafts, nor have old servers: there the preview is a message that is edited, with a button that stops it, and
the answer's first part is its last edit. It comes when there is something to read: its first words would stand there
alone until the first edit, seconds later.

A part is `{"chat": id, "text": str}` and, where needed, `entities`, `thread`, `reply_to` and `edit` (message ids) and
`keyboard` (reply markup). With a file (`File.packed`; `picture` if it is to be shown) the text is its caption. Without
`text` nothing but the keyboard of the message `edit` changes. With `rich` (Markdown) it is a rich message, and `parts`
are what is sent where there are none.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import structlog
from telegram import error as sdk

from adapters.telegram.delivery import Sender
from adapters.telegram.errors import seconds, translate
from adapters.telegram.growing import Growing
from adapters.telegram.keyboards import keyboard
from adapters.telegram.markup import render
from adapters.telegram.pacing import Pacing
from adapters.telegram.rich import rich
from adapters.telegram.splitting import Formatted, utf16_len
from bot.domain.updates import Button, File, Place, Update
from bot.errors import PlatformDown, RecipientGone
from bot.ports import Clock, Part, Ref
from bot.texts import text

DRAFT_REFRESH = 20.0  # seconds; a draft lives for about 30 [Bot API, sendMessageDraft]
TYPING_REFRESH = 3.5  # seconds; "typing…" is shown for 5 at most [Bot API, sendChatAction]
_OPENING = 40  # characters that are worth a message in a group, if no line or sentence has ended before
_ENDED = re.compile(r"\n|(?<![\d\s])[.!?…:]\s|[。！？：]")  # "1. " begins a list
_LONGEST_CAPTION = 1024
_SOON = 0.5  # seconds until a further look, while there is nothing to read
_NOTHING: Formatted = ("", [])
STOP = text("⏹ Stop")

log = structlog.get_logger(__name__)


def parts_of(
    place: Place,
    text: str,
    *,
    reply_to: str = "",
    edit: int | None = None,
    buttons: Sequence[Button] = (),
    files: Sequence[File] = (),
) -> list[Part]:
    """Render Markdown into parts. The first one edits the message `edit`, or else replies to `reply_to`.

    A short text is the caption of a single file; otherwise the files follow the text.
    """
    formatted = render(text, quiet=not place.private)
    first = {"edit": edit} if edit is not None else {"reply_to": int(reply_to)} if reply_to else {}
    parts = [_part(place, message, first if number == 0 else {}) for number, message in enumerate(formatted)]
    if buttons and parts:
        parts[-1]["keyboard"] = keyboard(buttons)
    if len(files) == len(parts) == 1 and utf16_len(formatted[0][0]) <= _LONGEST_CAPTION:
        return [parts[0] | _packed(files[0])]
    return [*parts, *(_part(place, ("", []), {}) | _packed(file) for file in files)]


def _rich_part(source: str, parts: Sequence[Part]) -> Part:
    """One part instead of several, which it carries for where it is refused."""
    part: dict[str, Any] = {"rich": source, "parts": [*parts]}
    part |= {name: parts[0][name] for name in ("chat", "thread", "edit", "reply_to") if name in parts[0]}
    return part | ({"keyboard": parts[-1]["keyboard"]} if "keyboard" in parts[-1] else {})


def _packed(file: File) -> dict[str, Any]:
    return {**file.packed(), "picture": True} if file.is_picture else file.packed()


def _part(place: Place, message: Formatted, more: dict[str, int]) -> dict[str, Any]:
    text, entities = message
    part: dict[str, Any] = {"chat": int(place.chat), "text": text, **more}
    if entities:
        part["entities"] = entities
    if place.thread:
        part["thread"] = int(place.thread)
    return part


class TelegramReply:
    """One answer in one chat; see `bot.ports.Reply`.

    Args:
        sender: the bot.
        pacing: how fast it may speak.
        clock: time.
        update: what is answered.
        ref: what an earlier process left there.
        stop: the label of the button that stops it.
        rich: whether it may become a rich message.
    """

    def __init__(
        self,
        sender: Sender,
        pacing: Pacing,
        clock: Clock,
        update: Update,
        ref: Ref | None = None,
        *,
        stop: str,
        rich: bool = False,
    ) -> None:
        self._sender = sender
        self._pacing = pacing
        self._clock = clock
        self._place = update.place
        self._question = update.message
        # In a private chat the answer stands below its question, unless that was asked long ago and edited.
        self._quoted = "" if update.place.private and not update.edited else update.message
        self._placeholder: int | None = ref["message"] if ref else None
        self._stop = keyboard([Button(label=stop, command="stop")])
        # What comes of a click may change a message, which ends no draft.
        self._rich = rich
        self._growing = Growing(quiet=not update.place.private)
        self._undraftable = not update.place.private or update.invocation is not None
        self._shown: Formatted | None = None
        self._shown_at = 0.0
        self._lasts = math.inf  # seconds until what is shown fades and is worth repeating
        self._over = False
        self.interval = pacing.interval(update.place.chat, private=update.place.private)

    @property
    def ref(self) -> Ref | None:
        return {"message": self._placeholder} if self._placeholder is not None else None

    async def show(self, text: str, *, waiting: str = "") -> None:
        # A draft goes without a trace; in groups the words would stand there as a message.
        text = text or (waiting if self._drafts else "")
        visible = self._worth_showing(self._growing.preview(text))
        interval = self._pacing.interval(self._place.chat, private=self._place.private)
        self.interval = interval if visible != _NOTHING else min(interval, _SOON)
        if not self._over and self._is_news(visible) and self._is_time(visible):
            await self._attempt(visible)

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        parts = parts_of(self._place, text, reply_to=self._quoted, edit=self._placeholder, buttons=buttons)
        source = rich(text) if self._rich else None
        return [_rich_part(source, parts)] if source and parts else parts

    async def close(self) -> None:
        self._over = True

    @property
    def _drafts(self) -> bool:
        return not self._undraftable and self._sender.abilities.has("drafts")

    def _worth_showing(self, visible: Formatted) -> Formatted:
        """Nothing, as long as it would begin a message with hardly a word."""
        begun, (text, _) = self._drafts or self._placeholder is not None, visible
        return visible if begun or len(text) >= _OPENING or _ENDED.search(text) else _NOTHING

    def _is_news(self, visible: Formatted) -> bool:
        """Something new, or what is about to fade."""
        return visible != self._shown or self._clock.monotonic() - self._shown_at >= self._lasts

    def _is_time(self, visible: Formatted) -> bool:
        if visible == _NOTHING:
            # Thinking takes no turn: the first words should not have to wait for the next one.
            return not self._pacing.wait(self._place.chat)
        return self._pacing.allows_preview(self._place.chat, private=self._place.private)

    async def _attempt(self, visible: Formatted) -> None:
        """Show it; a preview that fails is not worth an error unless nobody is there to see any."""
        try:
            await self._show(visible)
        except sdk.RetryAfter as error:
            self._pacing.slow_down(self._place.chat, seconds(error))
        except sdk.TelegramError as error:
            log.debug("A preview was not shown", chat=self._place.chat, reason=type(error).__name__)
            self._raise_if_gone(error)
        else:
            self._shown, self._shown_at = visible, self._clock.monotonic()

    def _raise_if_gone(self, error: sdk.TelegramError) -> None:
        translated = translate(error)
        if isinstance(translated, RecipientGone):
            self._over = True
            raise translated from error

    async def _show(self, visible: Formatted) -> None:
        if self._drafts and (visible != _NOTHING or self._sender.abilities.has("empty drafts")):
            await self._draft(visible)
        elif visible == _NOTHING:
            await self._type()
        elif self._placeholder is None:
            await self._place_placeholder(visible)
        else:
            await self._sender.edit(self._place, self._placeholder, visible, self._stop)

    async def _draft(self, visible: Formatted) -> None:
        try:
            await self._sender.draft(self._place, _draft_id(self._question), visible)
            self._lasts = DRAFT_REFRESH
        except (sdk.BadRequest, sdk.InvalidToken, sdk.EndPointNotFound) as error:
            # Servers before Bot API 10.0 refuse the empty draft, those before 9.3 (404) every draft.
            self._raise_if_gone(error)
            if not isinstance(error, sdk.BadRequest):
                self._sender.abilities.lacks("drafts")
            elif visible == _NOTHING:
                self._sender.abilities.lacks("empty drafts")
            else:
                self._undraftable = True
            await self._type()

    async def _type(self) -> None:
        self._lasts = TYPING_REFRESH
        await self._sender.typing(self._place)

    async def _place_placeholder(self, visible: Formatted) -> None:
        self._lasts = math.inf
        try:
            self._placeholder = await self._sender.place(self._place, visible, self._stop, self._quoted)
        except sdk.TelegramError as error:
            translated = translate(error)
            # It may stand there all the same; a second one must not be added.
            self._over = isinstance(translated, PlatformDown) and translated.outcome_unknown
            raise


def _draft_id(message: str) -> int:
    """Not zero, and the same for all previews of one answer, so that the client animates the change."""
    return int(message or 0) or 1
