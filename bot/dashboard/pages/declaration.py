"""A page is a value: its name, which is its address, its title, who may see it, and what makes it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.dashboard.looking import Look
from bot.dashboard.values import Page
from bot.domain.people import Role
from bot.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One page.

    Args:
        name: its address; "" is where one comes in.
        title: in the menu.
        show: `async (Look) -> Page`; raises UnknownPage where what is asked for is not there.
        role: who may see it; for everybody else it does not exist.
    """

    name: str
    title: Text
    show: Callable[[Look], Awaitable[Page]]
    role: Role = Role.SUPPORT
