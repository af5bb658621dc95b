"""chat.startStream, chat.appendStream, chat.stopStream."""

from collections.abc import Mapping
from functools import partial

from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.streams import grown, mode_of
from adapters.slack.emulator.threads import SESSION_STATES
from adapters.slack.emulator.values import ApiError, Json, Message, invalid_arguments
from adapters.slack.emulator.workspace import Channel


def start(core: Core, args: Args) -> Json:
    space = core.workspace
    channel = space.writable(args.text("channel"))
    _check_recipient(core, args)
    if channel.is_dm and not args.has("thread_ts"):
        raise invalid_arguments("missing required field: thread_ts")
    root = space.root(channel, args.optional("thread_ts"))
    mode = mode_of(args)
    empty = Message(ts="", channel=channel.id, user=space.bot.id)
    content = grown(empty, args)
    message = Message(
        ts=space.new_ts(),
        channel=channel.id,
        user=space.bot.id,
        from_bot=True,
        thread_ts=root,
        streaming=True,
        **content,
    )
    core.streams.start(message, mode, partial(_died, core, channel, message.ts))
    core.post(message)
    return {"channel": channel.id, "ts": message.ts}


def _check_recipient(core: Core, args: Args) -> None:
    """The documentation asks for both in channels only; the service asks always (measured)."""
    for name in ("recipient_team_id", "recipient_user_id"):
        if not args.text(name):
            raise ApiError(f"missing_{name}")
    if core.workspace.person(args.text("recipient_user_id")).team != args.text("recipient_team_id"):
        raise ApiError("team_not_found")


def append(core: Core, args: Args) -> Json:
    message = _streamed(core, args)
    mode = mode_of(args)
    stream = core.streams.checked(message, mode)
    if stream.stopped_by_user:
        raise ApiError("stopped_by_user")
    if mode is None:
        raise ApiError("markdown_text_or_chunks_required")
    core.grow(message, **grown(message, args))
    return {"channel": message.channel, "ts": message.ts}


def stop(core: Core, args: Args) -> Json:
    message = _streamed(core, args)
    core.streams.checked(message, mode_of(args))
    session = _session_status(args)
    below = check_blocks(args.array("blocks", "invalid_blocks_format"))
    changes = grown(message, args)
    blocks = (*changes.pop("blocks", message.blocks), *below)
    core.streams.stop(message)
    done = core.edit(message, **changes, blocks=blocks, streaming=False)
    if done.thread_ts:
        core.threads.set_session(done.channel, done.thread_ts, session, "", "")
    return {"channel": done.channel, "ts": done.ts, "message": core.workspace.as_json(done)}


def _session_status(args: Args) -> str:
    status = args.text("session_status") or "active"
    if status not in SESSION_STATES:
        raise ApiError("invalid_status")
    return status


def _streamed(core: Core, args: Args) -> Message:
    channel = core.workspace.writable(args.text("channel"))
    return core.workspace.own_message(channel, args.required("ts"), "message_not_owned_by_app")


def _died(core: Core, channel: Channel, ts: str) -> None:
    if ts in channel.messages:
        core.edit(channel.messages[ts], streaming=False)


METHODS: Mapping[str, Method] = {
    "chat.startStream": Method(handler=start, tier=2),
    "chat.appendStream": Method(handler=append, tier=4),
    "chat.stopStream": Method(handler=stop, tier=2),
}
