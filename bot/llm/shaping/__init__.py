"""Living inside an endpoint's limits: buckets, a fair queue before them, and what the server says about both.

`bot.llm.shaping.shared` (Redis) is imported by whoever needs it: the client library takes time to load.
"""

from bot.llm.shaping.buckets import Ask, Buckets, Denied, Grant
from bot.llm.shaping.limits import Limits, Meter, Route
from bot.llm.shaping.memory import MemoryBuckets
from bot.llm.shaping.queue import BACKGROUND
from bot.llm.shaping.shaper import Admission, OnWait, Shaper

__all__ = [
    "BACKGROUND",
    "Admission",
    "Ask",
    "Buckets",
    "Denied",
    "Grant",
    "Limits",
    "MemoryBuckets",
    "Meter",
    "OnWait",
    "Route",
    "Shaper",
]
