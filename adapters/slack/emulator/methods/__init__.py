"""The Web API methods the emulator knows, by name."""

from collections.abc import Mapping

from adapters.slack.emulator.methods import (
    assistant,
    chat,
    conversations,
    files,
    reactions,
    streaming,
    team,
    views,
)
from adapters.slack.emulator.methods.catalogue import Method


def all_methods() -> Mapping[str, Method]:
    return {
        **assistant.METHODS,
        **chat.METHODS,
        **conversations.METHODS,
        **files.METHODS,
        **reactions.METHODS,
        **streaming.METHODS,
        **team.METHODS,
        **views.METHODS,
    }
