"""A terminal as a platform: the smallest example of an adapter."""

from adapters.console.platform import ConsolePlatform

__all__ = ["ConsolePlatform"]
