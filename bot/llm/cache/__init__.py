"""Answers kept for the same question: exact, opt-in, first turns only.

`bot.llm.cache.shared` (Redis) is imported by whoever needs it: the client library takes time to load.
"""

from bot.llm.cache.keys import Scope, key_of
from bot.llm.cache.model import CachedModel
from bot.llm.cache.shelves import DatabaseShelf, MemoryShelf, Shelf, Shelves

__all__ = ["CachedModel", "DatabaseShelf", "MemoryShelf", "Scope", "Shelf", "Shelves", "key_of"]
