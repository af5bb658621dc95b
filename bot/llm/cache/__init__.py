"""Answers kept for the same question: exact, opt-in, first turns only."""

from bot.llm.cache.keys import Scope, key_of
from bot.llm.cache.model import CachedModel
from bot.llm.cache.shelves import DatabaseShelf, MemoryShelf, Shelf, Shelves

__all__ = ["CachedModel", "DatabaseShelf", "MemoryShelf", "Scope", "Shelf", "Shelves", "key_of"]
