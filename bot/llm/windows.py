"""Context windows of well-known models, for endpoints that do not tell (OpenAI's own list has ids only)."""

_WINDOWS = (
    # Prefixes, the more special first; the input part in tokens, as the vendor's model pages give it (November 2026).
    ("gpt-5", 272_000),
    ("gpt-4.1", 1_000_000),
    ("gpt-4o", 128_000),
    ("o3", 200_000),
    ("o4-mini", 200_000),
)


def known_window(model: str) -> int | None:
    """The window of `model` in tokens, None if nobody told us; a vendor prefix (`openai/…`) does not matter."""
    name = model.rpartition("/")[2]
    return next((window for prefix, window in _WINDOWS if name.startswith(prefix)), None)
