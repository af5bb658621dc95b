"""assistant.threads.* and agents.sessions.*."""

from collections.abc import Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.threads import SESSION_STATES, Status
from adapters.slack.emulator.values import ApiError, Json, invalid_arguments

MOST_LOADING_MESSAGES = 10
MOST_PROMPTS = 4
TITLE_LIMIT = 200


def set_status(core: Core, args: Args) -> Json:
    """An empty status clears the line."""
    channel, root = _thread(core, args)
    if not args.has("status"):
        raise invalid_arguments("missing required field: status")
    if not args.text("status"):
        core.clear_status(channel, root)
        return {}
    status = Status(
        text=args.text("status"),
        loading_messages=_loading_messages(args),
        expires_at=core.clock() + core.timing.status_life,
    )
    core.threads.set_status(channel, root, status)
    core.journal.note({"type": "status", "channel": channel, "thread_ts": root, "status": status.text})
    return {}


def _loading_messages(args: Args) -> tuple[str, ...]:
    messages = args.decoded("loading_messages", "invalid_arguments") or []
    if not isinstance(messages, list) or len(messages) > MOST_LOADING_MESSAGES:
        raise invalid_arguments("no more than 10 items allowed [json-pointer:/loading_messages]")
    return tuple(map(str, messages))


def set_title(core: Core, args: Args) -> Json:
    channel, root = _thread(core, args)
    title = args.required("title")
    core.threads.titles[channel, root] = title
    core.journal.note({"type": "title", "channel": channel, "thread_ts": root, "title": title})
    return {}


def set_suggested_prompts(core: Core, args: Args) -> Json:
    """Without a thread the prompts stand in the empty Messages tab."""
    channel = core.workspace.seen_by_bot(args.text("channel_id")).id
    prompts = args.array("prompts", "invalid_arguments")
    if not 1 <= len(prompts) <= MOST_PROMPTS:
        raise invalid_arguments("from 1 to 4 items allowed [json-pointer:/prompts]")
    if not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
        raise invalid_arguments("missing required field: title or message [json-pointer:/prompts]")
    core.threads.prompts[channel, args.text("thread_ts")] = prompts
    core.journal.note({"type": "prompts", "channel": channel, "prompts": prompts})
    return {}


def set_session_status(core: Core, args: Args) -> Json:
    channel, root = _session(core, args)
    if args.text("status") not in SESSION_STATES:
        raise ApiError("invalid_status")
    title, initiator = args.text("title"), args.text("initiator_user_id")
    if len(title) > TITLE_LIMIT:
        raise invalid_arguments("must be less than 201 characters [json-pointer:/title]")
    if initiator:
        core.workspace.person(initiator)
    session = core.threads.set_session(channel, root, args.text("status"), title, initiator)
    _note_session(core, channel, root)
    return {"session": {"status": session.status, "title": session.title}}


def rename_session(core: Core, args: Args) -> Json:
    channel, root = _session(core, args)
    title = args.required("title")
    if len(title) > TITLE_LIMIT:
        raise invalid_arguments("must be less than 201 characters [json-pointer:/title]")
    if not core.threads.rename(channel, root, title):
        raise ApiError("session_not_found")
    _note_session(core, channel, root)
    return {}


def _note_session(core: Core, channel: str, root: str) -> None:
    session = core.threads.sessions[channel, root]
    event = {"type": "session", "channel": channel, "thread_ts": root}
    core.journal.note(event | {"status": session.status, "title": session.title})


def _session(core: Core, args: Args) -> tuple[str, str]:
    """Only apps declared as agents have sessions (docs.slack.dev/ai/agent-sessions); the error is not documented."""
    if not core.agent:
        raise ApiError("feature_not_enabled")
    channel = core.workspace.seen_by_bot(args.text("channel_id"))
    if not channel.bot:
        raise ApiError("not_authorized")
    if not args.text("thread_ts"):
        raise ApiError("thread_ts_required")
    return channel.id, core.workspace.root(channel, args.text("thread_ts")) or ""


def _thread(core: Core, args: Args) -> tuple[str, str]:
    channel = core.workspace.seen_by_bot(args.text("channel_id"))
    if args.text("thread_ts") not in channel.messages:
        raise ApiError("invalid_thread_ts")
    return channel.id, core.workspace.root(channel, args.text("thread_ts")) or ""


METHODS: Mapping[str, Method] = {
    "assistant.threads.setStatus": Method(handler=set_status, tier=0),
    "assistant.threads.setTitle": Method(handler=set_title, tier=0),
    "assistant.threads.setSuggestedPrompts": Method(handler=set_suggested_prompts, tier=0),
    "agents.sessions.setStatus": Method(handler=set_session_status, tier=3),
    "agents.sessions.rename": Method(handler=rename_session, tier=3),
}
