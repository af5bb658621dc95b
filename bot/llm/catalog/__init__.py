"""The models file: which endpoints, models, chains and rules an operator configured."""

from bot.llm.catalog.keys import surroundings
from bot.llm.catalog.reader import parse_catalog, read_catalog

__all__ = ["parse_catalog", "read_catalog", "surroundings"]
