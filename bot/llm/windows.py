"""Well-known models: their context windows, for endpoints that do not tell (OpenAI's own list has ids only), and which
of them see pictures, which hardly any endpoint tells.
"""

_WINDOWS = (
    # Prefixes, the more special first; the input part in tokens, as the vendor's model pages give it (November 2026).
    ("gpt-5", 272_000),
    ("gpt-4.1", 1_000_000),
    ("gpt-4o", 128_000),
    ("o3", 200_000),
    ("o4-mini", 200_000),
)

_SEEING = ("gpt-4o", "gpt-4.1", "gpt-5", "gpt-6", "o3", "o4", "claude-", "gemini-", "gemma-3", "pixtral", "llava")
"""Prefixes, as the vendors' model pages have it (November 2026)."""
_SEEING_SIZES = ("-vl", "-vision")
"""What the names of open models that see have in them: `qwen3-vl-8b`, `llama-3.2-11b-vision`."""


def known_window(model: str) -> int | None:
    """The window of `model` in tokens, None if nobody told us; a vendor prefix (`openai/…`) does not matter."""
    name = model.rpartition("/")[2]
    return next((window for prefix, window in _WINDOWS if name.startswith(prefix)), None)


def known_to_see(model: str) -> bool:
    """Whether `model` sees pictures, as far as its name tells."""
    name = model.rpartition("/")[2].lower()
    return name.startswith(_SEEING) or any(size in name for size in _SEEING_SIZES)
