"""The app's manifest: one file for agents and plain apps, Socket Mode and HTTP, filled in for one installation."""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from adapters.slack.views import MOST_PROMPTS

LONGEST_NAME = 35
"""Characters of an app's name [docs.slack.dev/reference/app-manifest]."""

_ONLY = re.compile(r"\s*#if (\w+)$")


def manifest(name: str, *, agent: bool, follow: bool, url: str = "", prompts: Sequence[tuple[str, str]] = ()) -> str:
    """YAML for "Create New App, From a manifest".

    Args:
        name: what app and bot are called, at most 35 characters.
        agent: declare the app as an agent (`agent_view`); Slack does not take that back.
        follow: ask for what it takes to hear threads without being mentioned.
        url: where Slack sends events; "" for Socket Mode.
        prompts: title and message of what an agent suggests to ask, at most 4.
    """
    kinds = {"agent": agent, "follow": follow, "http": bool(url), "socket": not url}
    kept = [line for line in _template().splitlines() if not (only := _ONLY.search(line)) or kinds[only[1]]]
    suggested = [{"title": title, "message": message} for title, message in prompts[:MOST_PROMPTS]]
    # JSON is YAML, and quotes whatever a person chose.
    values = {"name": _json(name[:LONGEST_NAME]), "url": _json(url), "prompts": _json(suggested)}
    return Template("\n".join(_ONLY.sub("", line) for line in kept) + "\n").substitute(values)


def _template() -> str:
    """Without its first line, which says what it is."""
    return (files(__package__) / "manifest.yaml").read_text("utf-8").partition("\n")[2]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
