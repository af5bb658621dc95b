"""Rich messages: sendRichMessage, and editMessageText with one (Bot API 10.1).

Their Markdown is counted and kept, not laid out: what is checked are the documented limits. How the real server words
its refusals is not documented; these are in the manner of its others.
"""

import re
from dataclasses import replace

from adapters.telegram.emulator.keyboards import read_markup
from adapters.telegram.emulator.methods.messages import edit_message_text, editable, edited, post
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.text import Text
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

# Bot API, Rich Message Limits. Characters; blocks count list items and rows of tables.
LONGEST = 32_768
MOST_BLOCKS = 500
MOST_COLUMNS = 20
_SOURCES = ("markdown", "html", "blocks")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$", re.MULTILINE)


def send_rich_message(world: World, params: Params) -> Json:
    world.require_version(10, 1)
    content = read_rich(params)
    chat = world.chat(params.raw.get("chat_id"))
    chat.require_writable()
    return post(world, params, chat, Text(text=""), media=content)


def edit_text(world: World, params: Params) -> Json:
    """editMessageText: a text, or since 10.1 a rich message in its place."""
    if "rich_message" not in params or world.bot_api < (10, 1):
        return edit_message_text(world, params)
    content = read_rich(params)
    chat, message = editable(world, params)
    changed = replace(message, text="", entities=(), media=content, reply_markup=read_markup(params))
    return edited(world, chat, message, changed)


def read_rich(params: Params) -> Json:
    """The fields of a message that has it.

    Raises:
        ApiError: 400, not exactly one source, or beyond a limit.
    """
    rich: Json | None = params.value("rich_message", dict)
    if not rich:
        raise bad_request("rich message is empty")
    given = [name for name in _SOURCES if rich.get(name)]
    if len(given) != 1:
        raise bad_request("exactly one of markdown, html and blocks must be specified")
    source = str(rich[given[0]])
    if len(source) > LONGEST:
        raise bad_request("RICH_MESSAGE_TEXT_TOO_LONG")
    if len([line for line in source.splitlines() if line.strip()]) > MOST_BLOCKS:
        raise bad_request("RICH_MESSAGE_BLOCKS_TOO_MUCH")
    if any(row.count("|") >= MOST_COLUMNS for row in _ROW.findall(source)):
        raise bad_request("RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH")
    return {"rich_message": {"blocks": [{"type": "paragraph", "text": source}]}}
