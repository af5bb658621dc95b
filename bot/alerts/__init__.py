"""What admins are told without having asked: rules, the watch that applies them, and the notices it sends."""

from bot.alerts.notices import Notice
from bot.alerts.rules import Thresholds
from bot.alerts.watch import Watch

__all__ = ["Notice", "Thresholds", "Watch"]
