"""What a process tells about itself: logs, metrics, traces, reports of errors. Never message text, never secrets."""

from bot.telemetry.logs import configure

__all__ = ["configure"]
