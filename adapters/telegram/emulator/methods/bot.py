"""The bot itself: who it is, its command menus, actions and answers to buttons."""

import re

from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

ACTIONS = frozenset(
    {"typing", "choose_sticker", "find_location"}
    | {f"{verb}_{what}" for verb in ("record", "upload") for what in ("video", "voice", "video_note")}
    | {"upload_photo", "upload_document"}
)
SCOPES = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
CHAT_SCOPES = frozenset({"chat", "chat_administrators", "chat_member"})
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MOST_COMMANDS = 100


def get_me(world: World, params: Params) -> Json:
    del params
    return {
        **world.bot.payload(),
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


def log_out(world: World, params: Params) -> bool:
    del world, params
    return True


def send_chat_action(world: World, params: Params) -> bool:
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    action = params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    thread = chat.require_thread(params.number("message_thread_id"))
    chat.actions[thread] = (action, world.clock() + world.lifetimes.action)
    world.publish("action", chat, {"action": action, "message_thread_id": thread})
    return True


def answer_callback_query(world: World, params: Params) -> bool:
    query = world.queries.get(params.text("callback_query_id"))
    if query is None or world.clock() - query.at > world.lifetimes.callback or query.id in world.answers:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = params.text("text")
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"query_id": query.id, "text": text, "show_alert": params.flag("show_alert")}
    world.answers[query.id] = answer
    world.publish("answer", world.chat(query.chat_id), answer)
    return True


def set_my_commands(world: World, params: Params) -> bool:
    commands = params.value("commands", list)
    if commands is None:
        raise bad_request("can't parse commands: Expected an Array")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _require_valid(command)
    key = _menu(world, params)
    world.commands[key] = [{"command": one["command"], "description": one["description"]} for one in commands]
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.commands.get(_menu(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    world.commands.pop(_menu(world, params), None)
    return True


def _require_valid(command: Json) -> None:
    if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(str(command.get("description", ""))) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def _menu(world: World, params: Params) -> tuple[str, str]:
    """Scope and language, as a key; the most general menu is ("default", "")."""
    scope: Json = params.value("scope", dict) or {"type": "default"}
    kind = scope.get("type")
    if kind not in SCOPES | CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    if kind in CHAT_SCOPES:
        kind = f"{kind}:{world.chat(scope.get('chat_id')).id}:{scope.get('user_id', '')}"
    return kind, language
