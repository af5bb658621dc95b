"""A transcript to read in any editor."""

from bot.domain.transcripts import Entry, Transcript

_SIGNS = {"answered": "", "replaced": " ⑂", "failed": " ⚠"}


def to_markdown(transcript: Transcript) -> str:
    """Questions are quotes, so that whatever stands in them ends with them; answers are Markdown as they came."""
    title = " ".join(transcript.title.split()) or "Parley"
    blocks = [f"# {title}", f"{transcript.written_at:%Y-%m-%d %H:%M %Z}"]
    return "\n\n".join([*blocks, *(_entry(entry) for entry in transcript.entries)]) + "\n"


def _entry(entry: Entry) -> str:
    asked = "\n".join(f"> {line}".rstrip() for line in entry.question.splitlines())
    blocks = [f"## 👤 {entry.asked_at:%Y-%m-%d %H:%M}{_SIGNS[entry.fate]}", asked]
    if entry.answer is not None:
        blocks += ["### 🤖", entry.answer.strip()]
    return "\n\n".join(blocks)
