"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.emulator.blocks import MARKDOWN_LIMIT, check_blocks
from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, Message

POST_LIMIT = 40_000
UPDATE_LIMIT = 4_000


def post_message(core: Core, args: Args) -> Json:
    space = core.workspace
    channel = space.writable(args.text("channel"))
    content = content_of(args)
    message = Message(
        ts=space.new_ts(),
        channel=channel.id,
        user=space.bot.id,
        from_bot=True,
        thread_ts=space.root(channel, args.optional("thread_ts")),
        metadata=args.object("metadata", "invalid_metadata_format"),
        unfurls=args.flag("unfurl_links", default=True) or args.flag("unfurl_media", default=True),
        **content,
    )
    core.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": space.as_json(message)}


def update(core: Core, args: Args) -> Json:
    space = core.workspace
    channel = space.seen_by_bot(args.text("channel"))
    message = space.own_message(channel, args.text("ts"), "cant_update_message")
    if message.streaming:
        raise ApiError("streaming_state_conflict")
    if len(args.text("text")) > UPDATE_LIMIT:
        raise ApiError("msg_too_long")
    changed = core.edit(message, **_changes(core, args))
    answer = space.as_json(changed)
    return {"channel": channel.id, "ts": changed.ts, "text": changed.stored, "message": answer}


def _changes(core: Core, args: Args) -> dict[str, Any]:
    """Text without blocks removes the blocks and marks the message as edited; blocks leave no mark."""
    content = content_of(args)
    if content["blocks"] and not content["text"]:
        del content["text"]
    edited = {} if content["blocks"] else {"edited": core.workspace.new_ts()}
    return content | edited


def delete(core: Core, args: Args) -> Json:
    channel = core.workspace.seen_by_bot(args.text("channel"))
    message = core.workspace.own_message(channel, args.text("ts"), "cant_delete_message")
    core.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(core: Core, args: Args) -> Json:
    space = core.workspace
    channel = space.writable(args.text("channel"))
    if args.required("user") not in channel.members:
        raise ApiError("user_not_in_channel")
    message = Message(
        ts=space.new_ts(),
        channel=channel.id,
        user=space.bot.id,
        from_bot=True,
        thread_ts=space.root(channel, args.optional("thread_ts")),
        ephemeral_for=args.text("user"),
        **content_of(args),
    )
    core.post(message)
    return {"message_ts": message.ts}


def content_of(args: Args) -> dict[str, Any]:
    """Text, Markdown and blocks of a message to be.

    Raises:
        ApiError: the one the real method answers.
    """
    markdown, text = args.text("markdown_text"), args.text("text")
    blocks = args.array("blocks", "invalid_blocks_format")
    if markdown and (text or blocks):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_LIMIT:
        raise ApiError("msg_too_long")
    if not (markdown or text or blocks or args.has("attachments")):
        raise ApiError("no_text")
    return {"text": text[:POST_LIMIT], "markdown": markdown, "blocks": check_blocks(blocks)}


METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(handler=post_message, tier=0),
    "chat.update": Method(handler=update, tier=3),
    "chat.delete": Method(handler=delete, tier=3),
    "chat.postEphemeral": Method(handler=post_ephemeral, tier=4),
}
