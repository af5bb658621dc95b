"""One file per family of commands, each command declared once for all platforms."""

from bot.commands.declaration import Command, CommandBook, Role

__all__ = ["Command", "CommandBook", "Role", "all_commands"]


def all_commands() -> CommandBook:
    """Every command there is, with those of extensions. Raises ConfigError if one of those does not do."""
    # Here, because most modules need declarations alone, and some of those modules commands need.
    from bot.commands import (
        admission,
        afterwards,
        branches,
        budget,
        conduct,
        context,
        conversations,
        dashboard,
        directory,
        experiments,
        forget,
        group,
        home,
        language,
        linking,
        manual,
        models,
        operation,
        ownkeys,
        people,
        personas,
        plan,
        privacy,
        quota,
        records,
        roles,
        search,
        settings,
        top,
        transcripts,
        welcome,
    )
    from bot.extensions import extended

    families = (
        welcome, manual, people, conversations, branches, afterwards, search, transcripts, context, privacy, forget,
        personas, home, settings, language, experiments, models, ownkeys, quota, group, plan, budget, top, directory,
        roles, conduct, admission, linking, records, operation,
    )  # fmt: skip
    return extended([command for family in (*families, dashboard) for command in family.COMMANDS])
