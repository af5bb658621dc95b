"""The command menus: one for people, one for groups, and one for each chat in which admins have their commands."""

from collections.abc import Callable, Iterator, Sequence

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram import error as sdk

from adapters.telegram.errors import seconds, translate
from bot.commands.declaration import Command, CommandBook, Role
from bot.errors import RecipientGone
from bot.ports import Clock
from bot.texts import Text

Describe = Callable[[Text, str | None], str]
"""A sentence in a language (a gettext name such as `zh_Hans`; None is English)."""

_LONGEST_DESCRIPTION = 256
_MOST = 100  # commands in a menu [Bot API, setMyCommands]
_PERSONAL = "you"
"""The topic of commands that are about who gives them: in groups they work too, but their menu has other things."""

log = structlog.get_logger(__name__)


class Menus:
    """The menus of one bot, in every language. Without them the commands still work.

    Args:
        bot: whose they are.
        commands: what there is.
        describe: renders a command's summary.
        languages: those that `describe` knows.
        admins: private chats and groups in which admins have their commands.
        clock: waiting.
    """

    def __init__(
        self,
        bot: Bot,
        commands: CommandBook,
        *,
        describe: Describe,
        languages: Sequence[str],
        admins: Sequence[int],
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._commands = commands
        self._describe = describe
        self._languages = _codes(languages)
        self._admins = admins
        self._clock = clock

    async def publish(self) -> None:
        """Set them all, one after the other. Never raises: Telegram keeps those of the last start."""
        for scope, commands in self._scopes():
            for code, language in self._languages.items():
                if not await self._set(scope, commands, code, language):
                    break

    def _scopes(self) -> Iterator[tuple[BotCommandScope, Sequence[Command]]]:
        """Of several menus for a chat Telegram shows the one of the narrowest scope."""
        people = self._commands.menu(Role.MEMBER)
        yield BotCommandScopeDefault(), people
        yield BotCommandScopeAllGroupChats(), [one for one in people if one.topic != _PERSONAL or one.name == "help"]
        for chat in self._admins:
            yield BotCommandScopeChat(chat), self._commands.menu(Role.ADMIN)

    async def _set(
        self, scope: BotCommandScope, commands: Sequence[Command], code: str | None, language: str | None
    ) -> bool:
        """Set one; False if the others of its scope are not worth trying."""
        menu = [BotCommand(one.name, self._summary(one, language)) for one in commands[:_MOST]]
        try:
            try:
                await self._bot.set_my_commands(menu, scope=scope, language_code=code)
            except sdk.RetryAfter as error:
                await self._clock.sleep(seconds(error))
                await self._bot.set_my_commands(menu, scope=scope, language_code=code)
        except sdk.TelegramError as error:
            # An admin who has not written to the bot yet has no chat with it: theirs is set at the next start.
            gone = isinstance(translate(error), RecipientGone)
            tell = log.info if gone else log.warning
            tell("The command menu was not set", reason=str(error), scope=scope.type, language=code or "default")
            return not gone
        return True

    def _summary(self, command: Command, language: str | None) -> str:
        return self._describe(command.summary, language)[:_LONGEST_DESCRIPTION]


def _codes(languages: Sequence[str]) -> dict[str | None, str | None]:
    """Telegram's two-letter codes → our names. Of `zh_Hans` and `zh_Hant` the first one speaks for `zh`."""
    codes: dict[str | None, str | None] = {None: None}
    for language in languages:
        code = language.replace("_", "-").partition("-")[0].lower()
        if len(code) == 2:
            codes.setdefault(code, language)
    return codes
