"""Messages that must arrive: posting, rewriting, ending a stream, answering a slash command."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.calls import Calls, Facts
from adapters.slack.markup import plain
from adapters.slack.pacing import POST, STOP, UPDATE
from bot.errors import MessageRejected, RecipientGone
from bot.ports import Part

Json = dict[str, Any]

UPDATE_TEXT_LIMIT = 4000
"""chat.update answers msg_too_long above this; chat.postMessage takes ten times as much."""

FORMAT_REFUSED = frozenset(
    {
        "blocks_too_long",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_chunks",
        "markdown_text_conflict",
        "msg_blocks_too_long",
    }
)
NOT_STREAMING = frozenset(
    {
        "message_not_found",
        "message_not_in_streaming_state",
        "message_not_owned_by_app",
        "msg_too_long",
        "stopped_by_user",
        "streaming_mode_mismatch",
    }
)
NOT_EDITABLE = frozenset(
    {"block_mismatch", "cant_update_message", "edit_window_closed", "message_not_found", "msg_too_long"}
)
NO_THREAD = frozenset({"cannot_reply_to_message", "invalid_thread_ts", "thread_not_found"})
STILL_STREAMING = "streaming_state_conflict"


def content(text: str, below: Sequence[Json] = ()) -> Json:
    """Escaped Markdown as a message, with blocks (buttons) below; `text` is what notifications show."""
    return {"text": plain(text), "blocks": [{"type": "markdown", "text": text}, *below], **_NO_PREVIEWS}


# Slack fetches the addresses it previews: a model that was talked into it could send secrets there.
_NO_PREVIEWS: Mapping[str, bool] = {"unfurl_links": False, "unfurl_media": False}


def unformatted(text: str) -> Json:
    return {"text": text, "mrkdwn": False, **_NO_PREVIEWS}


class Messages:
    """What a stored part asks for, done with Slack's methods and their ways to fail.

    `below` are blocks (buttons) under the text. They go when Slack refuses the format: the text counts more.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def post(self, channel: str, thread: str, text: str, below: Sequence[Json] = ()) -> str:
        """Returns the new message's ts. A thread that is gone costs the thread, blocks that are refused the format."""
        place: Json = {"channel": channel, "thread_ts": thread or None}
        answer = await self._calls.final(POST, **place, **content(text, below), expected=FORMAT_REFUSED | NO_THREAD)
        if answer.get("error") in NO_THREAD:
            return await self.post(channel, "", text, below) if thread else _refuse(POST, answer)
        if "error" in answer:
            answer = await self._calls.final(POST, **place, **unformatted(text))
        return str(answer.get("ts", ""))

    async def rewrite(self, channel: str, thread: str, ts: str, text: str, below: Sequence[Json] = ()) -> str:
        """Make `text` the content of a message of ours, even one that is streaming; post it if that is refused."""
        answer = await self._update(channel, ts, content(text, below), FORMAT_REFUSED)
        if answer.get("error") == STILL_STREAMING:
            await self._calls.final(STOP, channel=channel, ts=ts, expected=NOT_STREAMING)
            answer = await self._update(channel, ts, content(text, below), FORMAT_REFUSED)
        if answer.get("error") in FORMAT_REFUSED:
            answer = await self._rewrite_plain(channel, ts, text)
        if "error" in answer:
            return await self._replace(channel, thread, ts, text, below)
        return ts

    async def finish(self, part: Part, below: Sequence[Json] = ()) -> str:
        """End a stream with `text`; when it is dead or the blocks are refused, make the message `whole`.

        One that carries task cards takes chunks instead of text.
        """
        channel, thread, ts, rest, whole = (str(part[name]) for name in ("channel", "thread", "ts", "text", "whole"))
        said: Json = {"chunks": part["chunks"]} if "chunks" in part else {"markdown_text": rest or None}
        more = {**said, "blocks": list(below) or None}
        expected = NOT_STREAMING | FORMAT_REFUSED
        answer = await self._calls.final(STOP, channel=channel, ts=ts, **more, expected=expected)
        return await self.rewrite(channel, thread, ts, whole, below) if "error" in answer else ts

    async def delete(self, channel: str, ts: str) -> None:
        expected = {"message_not_found", "cant_delete_message"}
        await self._calls.final("chat.delete", channel=channel, ts=ts, expected=expected)

    async def respond(self, url: str, channel: str, user: str, text: str, below: Sequence[Json] = ()) -> str:
        """Answer a slash command so that only the person sees it, by whatever still works."""
        error = await self._use(url, content(text, below), replace=False)
        if error in FORMAT_REFUSED:
            error = await self._use(url, unformatted(text), replace=False)
        # A URL that does not answer is as good as one that is used up: there are other ways.
        return await self._whisper(channel, user, text, below) if error else ""

    async def replace(
        self, ts: str, text: str, below: Sequence[Json] = (), *, url: str, channel: str, user: str
    ) -> str:
        """Make `text` the content of the message whose button was clicked, or whisper it if that is gone.

        Only the click's URL reaches messages that one person sees; it is good for half an hour and five uses.
        """
        error = await self._use(url, content(text, below), replace=True)
        if not error:
            return ts
        answer = await self._update(channel, ts, content(text, below), FORMAT_REFUSED)
        return await self._whisper(channel, user, text, below) if "error" in answer else ts

    async def _use(self, url: str, body: Json, *, replace: bool) -> str:
        how = {"replace_original": True} if replace else {"response_type": "ephemeral", "replace_original": False}
        return await self._calls.respond(url, {**how, **body})

    async def _whisper(self, channel: str, user: str, text: str, below: Sequence[Json]) -> str:
        body = content(text, below)
        try:
            answer = await self._calls.final("chat.postEphemeral", channel=channel, user=user, **body)
        except (RecipientGone, MessageRejected):
            room = await self._calls.final("conversations.open", users=user)
            return await self.post(str(room["channel"]["id"]), "", text, below)
        return str(answer.get("message_ts", ""))

    async def _update(self, channel: str, ts: str, body: Json, more: frozenset[str] = frozenset()) -> Facts:
        expected = NOT_EDITABLE | more | {STILL_STREAMING}
        return await self._calls.final(UPDATE, channel=channel, ts=ts, **body, expected=expected)

    async def _rewrite_plain(self, channel: str, ts: str, text: str) -> Facts:
        if len(text) > UPDATE_TEXT_LIMIT:
            return {"error": "msg_too_long"}
        return await self._update(channel, ts, unformatted(text))

    async def _replace(self, channel: str, thread: str, ts: str, text: str, below: Sequence[Json]) -> str:
        """New message first: a crash in between shows the answer twice rather than never."""
        new = await self.post(channel, thread, text, below)
        await self.delete(channel, ts)
        return new


def _refuse(method: str, answer: Facts) -> str:
    raise MessageRejected(f"{method}: {answer.get('error')}")
