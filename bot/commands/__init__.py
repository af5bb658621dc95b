"""One file per family of commands, each command declared once for all platforms."""

from bot.commands import branches, budget, conversations, models, people, quota
from bot.commands.declaration import Command, CommandBook, Role

__all__ = ["Command", "CommandBook", "Role", "all_commands"]


def all_commands() -> CommandBook:
    """Every command there is."""
    return CommandBook(
        (
            *people.COMMANDS,
            *conversations.COMMANDS,
            *branches.COMMANDS,
            *models.COMMANDS,
            *quota.COMMANDS,
            *budget.COMMANDS,
        )
    )
