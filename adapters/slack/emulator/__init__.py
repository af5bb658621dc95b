"""A faithful fake of Slack: Web API, Socket Mode and HTTP events on a local port, and people to play with it."""

from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.emulator.people import Person
from adapters.slack.emulator.tiers import Tiers
from adapters.slack.emulator.values import Call, Json, Link, Message, Timing
from adapters.slack.emulator.workspace import Channel

__all__ = ["Call", "Channel", "Json", "Link", "Message", "Person", "SlackEmulator", "Tiers", "Timing"]
