"""Which platforms there are: those that are set up. Alone, with the composition root, in knowing adapters."""

from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot import extensions
from bot.clock import SystemClock
from bot.commands import CommandBook
from bot.commands.welcome import SUGGESTIONS
from bot.extensions import Host
from bot.llm.catalog import surroundings
from bot.ports import Allowance, Clock, Platform
from bot.settings import Settings
from bot.texts import Text
from bot.texts.catalogues import Catalogues


def all_platforms(settings: Settings, book: CommandBook) -> list[Platform]:
    """Every platform that is set up, those of extensions too. Raises ConfigError if one of those does not do."""
    host = Host(commands=book, clock=SystemClock(), environment=surroundings())
    return [*platforms_of(settings, book), *extensions.platforms(host)]


def platforms_of(settings: Settings, book: CommandBook) -> list[Platform]:
    """Parley's own platforms, where their tokens are set."""
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
                rich=settings.telegram_rich_messages,
                admins=[
                    int(one.user)
                    for one in sorted(settings.admins | settings.admin_chats, key=str)
                    if one.platform == TelegramPlatform.name and one.user.lstrip("-").isdecimal()
                ],
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
                agent=settings.slack_agent,
                follow=settings.slack_follow_threads,
                allowance=_allowance(settings, clock),
            )
        )
    return platforms


def _allowance(settings: Settings, clock: Clock) -> Allowance | None:
    """What all processes together may call; where they share no Redis, each counts for itself."""
    if settings.redis_url is None:
        return None
    from bot.allowances import SharedAllowance

    return SharedAllowance.connect(settings.redis_url.get_secret_value(), clock)


def slack_manifest(settings: Settings, *, name: str, agent: bool | None, follow: bool | None, url: str) -> str:
    """The manifest of a Slack app as the settings want it, unless something else is said."""
    from adapters.slack.manifest import manifest

    catalogue = Catalogues(settings.language, ZoneInfo(settings.timezone)).of(None)
    asked = [catalogue.render(one) for one in SUGGESTIONS]
    return manifest(
        name,
        agent=settings.slack_agent if agent is None else agent,
        follow=settings.slack_follow_threads if follow is None else follow,
        url=url,
        prompts=[(one, one) for one in asked],
    )


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
