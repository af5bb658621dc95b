"""Slack: Socket Mode or HTTP events in, native streams out."""

from adapters.slack.platform import SlackPlatform

__all__ = ["SlackPlatform"]
