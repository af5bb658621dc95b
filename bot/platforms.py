"""Which platforms there are: those whose tokens are set. Alone, with the composition root, in knowing adapters."""

from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.ports import Platform
from bot.settings import Settings
from bot.texts import Text
from bot.texts.catalogues import Catalogues


def platforms_of(settings: Settings, book: CommandBook) -> list[Platform]:
    """The platforms whose tokens are set."""
    clock = SystemClock()
    catalogues = Catalogues(settings.language, ZoneInfo(settings.timezone))

    def describe(said: Text, language: str | None) -> str:
        return catalogues.of(language).render(said)

    platforms: list[Platform] = []
    if settings.telegram_bot_token:
        from adapters.telegram.platform import TelegramPlatform

        platforms.append(
            TelegramPlatform(
                settings.telegram_bot_token.get_secret_value(),
                api_url=settings.telegram_api_url,
                commands=book,
                clock=clock,
                describe=describe,
                languages=[one.language for one in catalogues],
                webhook_url=settings.telegram_webhook_url,
                triggers=settings.telegram_trigger_words,
                channels=settings.telegram_channel_posts,
            )
        )
    if settings.slack_bot_token:
        from adapters.slack.platform import SlackPlatform

        platforms.append(
            SlackPlatform(
                settings.slack_bot_token.get_secret_value(),
                app_token=_secret(settings.slack_app_token),
                signing_secret=_secret(settings.slack_signing_secret),
                api_url=f"{settings.slack_api_url}/",
                commands=book,
                clock=clock,
                describe=describe,
            )
        )
    return platforms


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
