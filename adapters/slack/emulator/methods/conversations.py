"""conversations.info, open, members, history, replies."""

from collections.abc import Callable, Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.methods.team import as_json
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, Message
from adapters.slack.emulator.workspace import Channel

MOST_PER_PAGE = 1000
DEFAULT_PAGE = 100


def info(core: Core, args: Args) -> Json:
    return {"channel": as_json(core.workspace.seen_by_bot(args.text("channel")))}


def open_dm(core: Core, args: Args) -> Json:
    """With one user only: group conversations are not emulated."""
    users = [user for user in args.text("users").split(",") if user]
    if len(users) != 1:
        raise ApiError("not_enough_users" if not users else "too_many_users")
    if users[0] == core.workspace.bot.id:
        raise ApiError("cannot_dm_bot")
    room = core.workspace.dm(core.workspace.person(users[0]).id)
    return {"channel": as_json(room) if args.flag("return_im", default=False) else {"id": room.id}}


def members(core: Core, args: Args) -> Json:
    room = core.workspace.seen_by_bot(args.text("channel"))
    everyone = sorted(room.members | ({core.workspace.bot.id} if room.bot else set()))
    return {"members": everyone, "response_metadata": {"next_cursor": ""}}


def history(core: Core, args: Args) -> Json:
    """Newest first, roots only; replies are asked for by thread."""
    room = _readable(core, args)
    roots = [message for message in room.messages.values() if message.thread_ts in (None, message.ts)]
    newest_first = sorted(filter(_between(args), roots), key=lambda message: message.ts, reverse=True)
    return _page(core, room, newest_first, args)


def replies(core: Core, args: Args) -> Json:
    """Oldest first, the root before all; a reply's own ts stands for its thread."""
    room = _readable(core, args)
    root = core.workspace.root(room, args.required("ts")) or ""
    thread = core.workspace.thread(room, root)
    within = _between(args)
    return _page(core, room, [thread[0], *filter(within, thread[1:])], args)


def _readable(core: Core, args: Args) -> Channel:
    return core.workspace.writable(args.text("channel"))


def _between(args: Args) -> Callable[[Message], bool]:
    """Both ends are left out unless `inclusive`."""
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9999999999.999999"
    ends = (oldest, latest) if args.flag("inclusive", default=False) else ()
    return lambda message: oldest < message.ts < latest or message.ts in ends


def _page(core: Core, room: Channel, found: list[Message], args: Args) -> Json:
    """The cursor is an offset in disguise, as opaque to clients as the real one."""
    size = args.number("limit", DEFAULT_PAGE)
    start = _offset(args.text("cursor"))
    if not 1 <= size <= MOST_PER_PAGE:
        raise ApiError("invalid_limit")
    page = found[start : start + size]
    more = start + size < len(found)
    cursor = f"offset:{start + size}" if more else ""
    return {
        "messages": [_with_thread(core, room, message) for message in page],
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.removeprefix("offset:").isdigit():
        raise ApiError("invalid_cursor")
    return int(cursor.removeprefix("offset:"))


def _with_thread(core: Core, room: Channel, message: Message) -> Json:
    """A root tells how many replies it has, and calls itself its thread."""
    answer = core.workspace.as_json(message)
    replies = [other for other in room.messages.values() if other.thread_ts == message.ts]
    if not replies:
        return answer
    return answer | {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}


METHODS: Mapping[str, Method] = {
    "conversations.info": Method(handler=info, tier=3),
    "conversations.open": Method(handler=open_dm, tier=3),
    "conversations.members": Method(handler=members, tier=4),
    "conversations.history": Method(handler=history, tier=3),
    "conversations.replies": Method(handler=replies, tier=3),
}
