"""What the demo page needs of a platform's emulator.

Everything exchanged is plain JSON, the same shape for every platform:

- A scene is `{"kind": "scene", "people": [person], "rooms": [room], "events": [event]}`; replaying its events shows
  what stands there now. A person is `{"id", "name", "handle", "admin": bool}`, a room
  `{"id", "name", "private": bool, "members": [person id]}`.
- An event is one of
  `{"kind": "message", "room", "message"}` (new or changed),
  `{"kind": "delete", "room", "id"}`,
  `{"kind": "draft", "room", "draft", "body": [part] | None, "stoppable": bool}` (None: the draft ended) and
  `{"kind": "status", "room", "thread", "text": str | None}` (None: it ended; "" is typing).
- A message is `{"id", "author": person id | "bot", "at": Unix seconds, "edited": bool, "thread": id | None,
  "streaming": bool, "only_for": person id | None, "reply_to": id | None, "body": [part],
  "files": [file], "buttons": [[button]]}`.
- A part is `{"format": "entities", "text", "entities"}` (Telegram's, offsets in UTF-16 units) or
  `{"format": "markdown" | "mrkdwn", "text"}`. A button is `{"label"}` and either `url` or what `click` wants back.
- A file is `{"id", "name", "size": bytes, "picture": bool}`; `Stage.file` has its content.
- An action is `{"do": "say" | "click" | "stop", "as": person id, "room", …}`, with `text` and `thread` to say
  something, the button and `message` to click, `message` to stop an answer.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

Json = dict[str, Any]


class Stage(Protocol):
    """A platform's emulator with people on it."""

    name: str

    def watch(self) -> AsyncGenerator[Json, None]:
        """The scene as it stands, then every event; close the generator to stop."""

    def file(self, number: str) -> bytes | None:
        """What is in a file that stands in a chat; None if there is none of that id."""

    async def act(self, action: Mapping[str, Any]) -> None:
        """Let a person do something. Raises ValueError, LookupError or TypeError for what cannot be done."""
