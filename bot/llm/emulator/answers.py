"""Scripted answers: friendly, in Markdown, and plain about being scripted."""

from bot.llm.emulator.images import images_of
from bot.llm.emulator.requests import ChatRequest, text_of

NOTE = "*(A scripted answer from the demo model; no real model was asked.)*"

CODE = """Here is a small function:

```python
def greet(name: str) -> str:
    \"\"\"Say hello.\"\"\"
    return f"Hello, {name}!"


print(greet("world"))
```

Call it with any name you like; `greet("Ada")` returns `Hello, Ada!`."""

TABLE = """A comparison at a glance:

| Way in | Latency | Good for |
|---|---:|---|
| Polling | 50 ms | a laptop behind a router |
| Webhook | 20 ms | a server with a public address |
| Socket Mode | 30 ms | a company network |

**In short:** start with polling, move when you must."""

PARAGRAPH = (
    "Paragraph {number}. A long answer shows how text grows on the screen, how it is paced so that the "
    "platform is never pressed, and how it is split where it passes the length of one message. Nothing in "
    "it is clever, but there is plenty of it, and every word arrives whole."
)


def scripted(request: ChatRequest) -> str:
    """The default answer. Prompts with a word of their own: summarize, table, code, long, count to N."""
    said = request.said.strip()
    asked = f"{request.instructions}\n{said}".lower()
    if "summar" in asked and "summar" in (said or request.instructions).lower()[:400]:
        return _summary(request)
    return f"{_body(said.lower(), request)}\n\n{NOTE}"


def _body(said: str, request: ChatRequest) -> str:
    if "count to" in said:
        return _count(said)
    if "table" in said:
        return TABLE
    if "code" in said:
        return CODE
    if "long" in said.split():
        return "\n\n".join(PARAGRAPH.format(number=number) for number in range(1, 31))
    return _echo(request)


def _count(said: str) -> str:
    digits = "".join(c for c in said.split("count to", 1)[1].strip().split(" ")[0] if c.isdigit())
    return " ".join(str(number) for number in range(1, min(int(digits or "10"), 2000) + 1))


def _echo(request: ChatRequest) -> str:
    said = request.said.strip()
    pictures = sum(len(images_of(message)) for message in request.messages[-1:])
    seen = f"With it came {_pictures(pictures)}.\n\n" if pictures else ""
    shown = said if len(said) <= 200 else said[:200] + "…"
    quoted = "\n".join(f"> {line}" for line in shown.splitlines()) or "> (nothing)"
    return (
        f"You said:\n\n{quoted}\n\n{seen}With it came **{_messages(len(request.history))}** of history. "
        "Here is what you can try:\n\n"
        "- `table` for a table\n- `code` for a code block\n- `long` for a long answer\n"
        "- `count to 50` to watch a stream\n\n"
        "Ask anything else and I will repeat it back."
    )


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def _summary(request: ChatRequest) -> str:
    """What a summarising prompt gets: the first words of what was said."""
    lines = [line.strip() for m in request.messages[-1:] for line in text_of(m).splitlines() if line.strip()]
    return "Scripted summary: " + " / ".join(line[:60] for line in lines[:8])
