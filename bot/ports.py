"""The outside on one page: what the core asks of platforms, models and the machine."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.domain.happenings import Happening
from bot.domain.people import Identity, Sender
from bot.domain.updates import Arrival, Attachment, Button, File, Form, Place, Section, Update

Accept = Callable[[Sequence[Arrival]], Awaitable[None]]
"""Stores arrivals in one transaction. When it returns, the platform may be told that we have them;
when it raises, the platform must not be told. Arrivals that are stored already do no harm."""

Part = Mapping[str, Any]
"""One outgoing message, ready for its platform and addressed: a small JSON object that only its adapter
understands. The core stores it in the outbox before it is sent. What stands under `bot.domain.updates.CONTENT`, the
bytes of a file in base64, it drops once the part was sent."""

Ref = Mapping[str, Any]
"""What a later process needs to finish an answer that is visible already (message ids): a JSON object."""


OnWait = Callable[[int, float], None]
"""Told the position in line (from 1) and the probable wait in seconds, now and then. Must return at once."""


class Reply(Protocol):
    """One answer, growing on the person's screen."""

    interval: float
    """The shortest time between two `show`, in seconds."""

    @property
    def ref(self) -> Ref | None:
        """Set as soon as something stands on the platform that would stay there if we died now."""

    async def show(self, text: str, *, waiting: str = "") -> None:
        """Show the answer so far (Markdown, all of it; "" means that the model is thinking).

        `waiting` may say, in the person's language, what an empty answer is waiting for.
        May do nothing when the platform is under pressure. Raises PlatformError only when no preview can follow;
        the final text will still be sent.
        """

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        """Render the final text (Markdown). Pure. The first parts replace what stands on the screen.

        The buttons stand under the last part, on platforms that have any.
        """

    async def close(self) -> None:
        """Take back indicators (typing, status). Called once, after `parts`, whatever happened; never raises."""


class Platform(Protocol):
    """A chat platform as the core sees it: arrivals come in, parts go out."""

    name: str
    slash: str
    """What a command begins with when it is typed here: `/`, `/parley `."""
    notices_per_second: float
    """How many people may be written to in a second who have not asked, so that answers have room beside it."""
    one_listener: str
    """Names what only one process may listen to at a time, "" if any number may listen."""

    @property
    def connected(self) -> bool:
        """Whether events reach us, as far as the last sign of life tells."""

    async def listen(self, accept: Accept) -> None:
        """Hand every event to `accept` and then acknowledge it, until cancelled. Outages are waited out inside."""

    async def accompany(self) -> None:
        """What a process that handles arrivals does beside that, such as looking up names; until cancelled."""

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        """Read a stored arrival; None if it is not for us. Pure; raises nothing but ValueError, KeyError, TypeError."""

    def happening(self, payload: Mapping[str, Any]) -> Happening | None:
        """What a stored arrival tells that nobody said; None if nothing. Pure; raises as `parse` does."""

    async def entitle(self, place: Place, title: str) -> None:
        """Call a thread by a title, if threads have one here and it is ours to change. Never raises."""

    def reply(self, update: Update, ref: Ref | None = None) -> Reply:
        """Begin an answer to `update`; `ref` is what an earlier, dead process left on the screen."""

    def parts(
        self,
        place: Place,
        text: str,
        *,
        answer_by: str = "",
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        instead_of: str = "",
        about: str = "",
        only_buttons: bool = False,
    ) -> list[Part]:
        """Render a message (Markdown) that is no reply, such as a command's answer or a notice. Pure.

        Args:
            place: where it is said.
            text: what is said.
            answer_by: `Update.answer_by` of what it answers.
            buttons: stand under the text.
            files: go with the text or follow it.
            instead_of: our message that it replaces; if that is gone, it is said anew.
            about: an older message there that it is about; quoted, where a quote leads to what it quotes.
            only_buttons: nothing changes but the buttons under `instead_of`. Where that cannot be done, the text is
                said, to whoever clicked alone if that can be done.
        """

    def unsay(self, place: Place, message: str) -> list[Part]:
        """Delete what a person said, by the platform's id of it; nothing where the platform does not let us. Pure."""

    async def ask_about(self, sender: Sender) -> Sender:
        """Complete somebody whose `belonging` is not known; as they were if the platform does not say. Never raises."""

    async def presides(self, who: Identity, place: Place) -> bool:
        """Whether somebody runs the group or channel of a place, as its platform knows it. Never raises."""

    def direct(self, who: Identity) -> Place:
        """Where one person of this platform is spoken to alone, who may have never written to us."""

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        """The content of a file that somebody sent, of at most so many bytes. Raises PlatformError."""

    async def deliver(self, part: Part) -> str:
        """Send one part, formatted, or plain if the platform refuses the formatting. Returns the platform's id of it.

        Raises PlatformBusy, PlatformDown, RecipientGone, MessageRejected.
        """

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        """Read the payload of a poison arrival once more, as it would arrive now. Raises PlatformError."""

    def repeatable(self, part: Part) -> bool:
        """Whether sending this part twice looks like sending it once: it replaces a message. Pure."""

    async def reach(self) -> None:
        """Ask the platform something harmless, to know whether it answers. Raises PlatformError."""

    async def check(self) -> str:
        """Ask the platform who we are and whether all is set up; one line for `parley doctor`. Raises PlatformError."""

    async def close(self) -> None:
        """Give connections back."""


@runtime_checkable
class Surfaces(Protocol):
    """What a platform may have beside chats: pages of one's own, and forms (Slack's Home tab and modals)."""

    def page(self, update: Update, sections: Sequence[Section]) -> list[Part]:
        """Show the page that `update` names. Pure. There may be nothing to show."""

    def opens_forms(self, update: Update) -> bool:
        """Whether a form can be opened for what somebody just did. Pure."""

    def form(self, update: Update, form: Form) -> list[Part]:
        """Ask the sender of `update` to fill in a form. Pure."""


class Allowance(Protocol):
    """How often something may be done by all processes together. A name stands for what is counted."""

    async def take(self, name: str, *, burst: float, per_second: float, spare: float = 0.0) -> float:
        """Take one of at most `burst` that come back `per_second`, unless only `spare` are left.

        Returns 0, or the seconds after which it is worth asking again.
        """

    async def close(self, name: str, seconds: float) -> None:
        """Nobody gets anything for so long."""

    async def leave(self) -> None:
        """Give connections back."""


class Completion(Protocol):
    """An answer as it is written: iterate it once for its pieces of text, then read the rest.

    Iteration raises ModelError. StreamInterrupted comes only after the first piece; everything else only before it.
    Leaving the iteration early needs `aclose`, which makes the server stop.
    """

    usage: Usage | None
    """What the server reported, None if it has not (yet) or the call was cut short."""
    finish_reason: FinishReason | None
    model: str
    """Who answered, as the server calls it."""
    service_tier: str | None
    """The tier the server says it answered in; it decides the price."""
    call: Call | None
    """How the answer was got, once it has begun; also after leaving, if something was asked of a server by then."""

    @property
    def thought(self) -> int:
        """Tokens of thinking that were told beside the answer, about: part of what a stream that broke off has cost."""

    @property
    def lost(self) -> Sequence[Lost]:
        """Attempts that gave no answer and were paid for."""

    def __aiter__(self) -> AsyncIterator[str]: ...

    async def aclose(self) -> None: ...


class Model(Protocol):
    """The model side: an endpoint, or several behind one policy."""

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> Completion:
        """Begin an answer. Nothing is sent before the first piece is asked for."""


class TokenCounter(Protocol):
    """Counts tokens; never blocks the event loop and never asks the network."""

    async def count(self, text: str) -> int: ...


class Clock(Protocol):
    """Time and waiting, so that tests own both."""

    def now(self) -> datetime:
        """Wall time, UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    async def sleep(self, seconds: float) -> None: ...
