"""Conversations as files, in forms that need no words of their own: to read, to print, and to bring back."""

from collections.abc import Callable, Mapping

from bot.domain.transcripts import Transcript
from bot.transcripts.markdown import to_markdown
from bot.transcripts.page import to_page
from bot.transcripts.record import to_record

FORMS: Mapping[str, tuple[str, Callable[[Transcript], str]]] = {
    "md": ("text/markdown", to_markdown),
    "html": ("text/html", to_page),
    "json": ("application/json", to_record),
}
"""What can be asked for: the media type, and how it is written."""

__all__ = ["FORMS", "to_markdown", "to_page", "to_record"]
