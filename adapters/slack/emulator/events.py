"""Events API bodies. Shapes follow docs.slack.dev/reference/events."""

from collections.abc import Callable

from adapters.slack.emulator.delivery import Delivery, Parcel
from adapters.slack.emulator.values import Json, Message
from adapters.slack.emulator.workspace import Channel, Workspace


class Events:
    """Tells the app what it is subscribed to and allowed to see."""

    def __init__(self, workspace: Workspace, delivery: Delivery, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._clock = clock

    def emit(self, event: Json, channel: Channel | None = None) -> None:
        self._delivery.send(Parcel(kind="events_api", payload=self._body(event, channel)))

    def posted(self, message: Message) -> None:
        """A message; when it mentions the bot in a channel, a second event says so, with an id of its own."""
        channel = self._workspace.channels[message.channel]
        if not channel.bot or message.ephemeral_for:
            return
        event = self._workspace.as_json(message) | self._place(channel, message.ts)
        event |= self._origin(message, channel)
        self.emit(event, channel)
        if not message.from_bot and not channel.is_dm and f"<@{self._workspace.bot.id}" in message.text:
            mention = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
            self.emit(mention | {"type": "app_mention"}, channel)

    def changed(self, new: Message, old: Message) -> None:
        carried = {"message": self._workspace.as_json(new), "previous_message": self._workspace.as_json(old)}
        self._about(new, {"subtype": "message_changed", **carried})

    def deleted(self, message: Message) -> None:
        carried = {"deleted_ts": message.ts, "previous_message": self._workspace.as_json(message)}
        self._about(message, {"subtype": "message_deleted", **carried})

    def joined(self, user: str, channel: Channel, inviter: str | None) -> None:
        event: Json = {"type": "member_joined_channel", "user": user, "team": self._workspace.team}
        event |= {"channel": channel.id, "channel_type": channel.id[0], "event_ts": self._workspace.new_ts()}
        self.emit(event | ({"inviter": inviter} if inviter else {}), channel)

    def home_opened(self, user: str, tab: str, view: Json | None) -> None:
        event: Json = {"type": "app_home_opened", "user": user, "channel": self._workspace.dm(user).id, "tab": tab}
        event["event_ts"] = self._workspace.new_ts()
        self.emit(event | ({"view": view} if view and tab == "home" else {}))

    def session_stopped(self, user: str, channel: Channel, thread_ts: str, streams: list[str]) -> None:
        event: Json = {"type": "agent_session_stopped", "user": user, "channel": channel.id}
        event |= {"thread_ts": thread_ts, "streaming_message_ts": streams, "event_ts": self._workspace.new_ts()}
        self.emit(event, channel)

    def _about(self, message: Message, carried: Json) -> None:
        channel = self._workspace.channels[message.channel]
        if not channel.bot or message.ephemeral_for:
            return
        ts = self._workspace.new_ts()
        self.emit({"type": "message", "hidden": True, "ts": ts, **carried} | self._place(channel, ts), channel)

    def _place(self, channel: Channel, ts: str) -> Json:
        return {"channel": channel.id, "channel_type": channel.kind, "event_ts": ts}

    def _origin(self, message: Message, channel: Channel) -> Json:
        if not channel.shared:
            return {}
        team = self._workspace.person(message.user).team
        return {"user_team": team, "source_team": team}

    def _body(self, event: Json, channel: Channel | None) -> Json:
        space = self._workspace
        authorization = {"enterprise_id": None, "team_id": space.team, "user_id": space.bot.id, "is_bot": True}
        return {
            "token": "emulated-verification-token",
            "team_id": space.team,
            "context_team_id": space.team,
            "context_enterprise_id": None,
            "api_app_id": space.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": space.new_id("Ev"),
            "event_time": int(self._clock()),
            "authorizations": [authorization | {"is_enterprise_install": False}],
            "is_ext_shared_channel": bool(channel and channel.shared),
            "event_context": space.new_id("4-"),
        }
