"""Links that a model made, with where they lead wherever their label says something else."""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.domain.links import aside

_LINKED = ("Link", "Image")  # Slack shows images as links to them
_LABEL = ("Text", "Code")


def honest(markdown: str) -> str:
    """The Markdown with an address in brackets behind every disguised link."""
    if "](" not in markdown and "]:" not in markdown:
        return markdown
    data, at, pieces = markdown.encode(errors="replace"), 0, []
    for end, explanation in _explanations(data.decode()):
        pieces += [data[at:end], f" ({explanation})".encode()]
        at = end
    return b"".join([*pieces, data[at:]]).decode()


def _explanations(markdown: str) -> Iterator[tuple[int, str]]:
    """Where in the UTF-8 text something has to be said, in order."""
    import pyromark

    open_links: list[tuple[str, list[str]]] = []
    events: Iterable[Any] = pyromark.events_with_range(markdown)
    for payload, span in events:
        if not isinstance(payload, dict):
            continue
        if url := _opened(payload):
            open_links.append((url, []))
        elif payload.get("End") in _LINKED and open_links:
            url, label = open_links.pop()
            if said := aside("".join(label), url):
                yield span["end"], said
        else:
            for _, words in open_links:
                words += [payload[kind] for kind in _LABEL if kind in payload]


def _opened(payload: dict[str, Any]) -> str:
    start = payload.get("Start")
    return next((start[kind]["dest_url"] for kind in _LINKED if kind in start), "") if isinstance(start, dict) else ""
