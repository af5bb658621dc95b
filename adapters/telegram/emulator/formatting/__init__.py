"""parse_mode: HTML, MarkdownV2 and the older Markdown, strict where the server is strict."""

from adapters.telegram.emulator.formatting.builder import FindUser
from adapters.telegram.emulator.formatting.html import parse_html
from adapters.telegram.emulator.formatting.legacy import parse_legacy
from adapters.telegram.emulator.formatting.markdown import parse_markdown
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json

__all__ = ["parse"]


def parse(mode: str, text: str, user: FindUser) -> tuple[str, list[Json]]:
    """The text without its marks, and the entities they stood for.

    Raises:
        ApiError: 400, "can't parse entities: …", or an unknown mode.
    """
    parsers = {"html": parse_html, "markdownv2": parse_markdown, "markdown": parse_legacy}
    if mode not in parsers:
        raise bad_request("unsupported parse_mode")
    return parsers[mode](text, user)
