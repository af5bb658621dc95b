"""A transcript as a page: one file, nothing loaded from anywhere, no script, and it prints well."""

import re
from html import escape

from bot.domain.transcripts import Entry, Transcript

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
header time, h2 { font-size: .8rem; font-weight: normal; opacity: .7; }
article { margin: 1.5rem 0; break-inside: auto; }
.question { border-left: 3px solid #4a90d9; padding-left: .8rem; break-inside: avoid; }
.question, .answer { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: .6rem; border-radius: 4px;
      font: 14px/1.4 ui-monospace, monospace; }
.replaced, .failed { opacity: .6; }
@media print {
  body { margin: 0; max-width: none; font-size: 11pt; }
  h2 { break-after: avoid; }
  pre { border: 1px solid #ccc; }
}
"""

_SIGNS = {"answered": "", "replaced": " ⑂", "failed": " ⚠"}

# Whatever gets past the escaping may still load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_FENCE = re.compile(r"^```[^\n`]*\n(.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)


def to_page(transcript: Transcript) -> str:
    """Everything that was said is escaped; of its Markdown, blocks of code alone are shown as such."""
    title = escape(" ".join(transcript.title.split()) or "Parley")
    written = f"{transcript.written_at:%Y-%m-%d %H:%M %Z}"
    entries = "\n".join(_entry(entry) for entry in transcript.entries)
    return (
        f'<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1><time>{escape(written)}</time></header>\n{entries}\n</body>\n</html>\n"
    )


def _entry(entry: Entry) -> str:
    head = f"<h2>👤 {entry.asked_at:%Y-%m-%d %H:%M}{_SIGNS[entry.fate]}</h2>"
    asked = f'{head}\n<div class="question">{escape(entry.question)}</div>'
    answer = "" if entry.answer is None else f'\n<h2>🤖</h2>\n<div class="answer">{_answer(entry.answer.strip())}</div>'
    return f'<article class="{entry.fate}">\n{asked}{answer}\n</article>'


def _answer(said: str) -> str:
    """Text, and blocks of code as such; every piece is escaped."""
    pieces, at = [], 0
    for fence in _FENCE.finditer(said):
        pieces += [escape(said[at : fence.start()]), f"<pre>{escape(fence[1])}</pre>"]
        at = fence.end()
    return "".join([*pieces, escape(said[at:])])
