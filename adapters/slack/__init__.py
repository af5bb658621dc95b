"""Slack: Socket Mode or HTTP events in, native streams out."""
