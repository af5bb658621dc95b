"""Who gets what people say and how it is kept, by the settings in force: told to people, and recorded for operators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bot.domain.models import Catalog
from bot.domain.moderation import ModerationPolicy
from bot.masking import Masking
from bot.settings import Settings

Use = Literal["answers", "moderation", "transcription"]
"""What a server does with what people say: answers it, judges it, writes down what is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A server that is sent what people say, and which models it does that with. `encrypted`: on the way there."""

    host: str
    use: Use
    models: Sequence[str]
    encrypted: bool = True

    @property
    def maskable(self) -> bool:
        """Whether personal data can be hidden from it: sound and pictures go as they are."""
        return self.use != "transcription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What is done with what people say.

    `platforms` are hosts by name, `stores` where it is kept (`sealed`: encrypted), `wordless` who gets numbers and
    errors but no words. `staff_reads`: admins may read conversations on the dashboard. Events as platforms sent them go
    after `events_days`; `cache_seconds` is for how long an answer is given again, 0: never. `sees_images`: pictures go
    to a model.
    """

    platforms: Mapping[str, str] = field(default_factory=dict)
    recipients: Sequence[Recipient] = ()
    stores: Sequence[str] = ()
    wordless: Mapping[str, str] = field(default_factory=dict)
    masking: Masking = field(default_factory=Masking)
    staff_reads: bool = False
    entry: str = "open"
    events_days: int = 30
    cache_seconds: int = 0
    sees_images: bool = False
    sealed: bool = False

    def hosts(self, use: Use) -> Sequence[str]:
        """Who does that, each once."""
        return list(dict.fromkeys(one.host for one in self.recipients if one.use == use))


def disclosure_of(settings: Settings, catalog: Catalog, masking: Masking, *, sealed: bool) -> Disclosure:
    """What the settings come to."""
    return Disclosure(
        platforms=dict(_platforms(settings)),
        recipients=list(_recipients(settings, catalog)),
        stores=list(_stores(settings)),
        wordless=dict(_wordless(settings)),
        masking=masking,
        staff_reads=settings.dashboard_url is not None and settings.dashboard_messages,
        entry=settings.entry,
        events_days=settings.keep_events_days,
        cache_seconds=0 if settings.response_cache == "off" else settings.response_cache_seconds,
        sees_images=settings.max_images > 0 and any(card.sees_images for card in catalog.models.values()),
        sealed=sealed,
    )


def _platforms(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.telegram_bot_token:
        yield "Telegram", _host(settings.telegram_api_url)
    if settings.slack_bot_token:
        yield "Slack", _host(settings.slack_api_url)


def _recipients(settings: Settings, catalog: Catalog) -> Iterator[Recipient]:
    for name, endpoint in catalog.endpoints.items():
        if models := [card.name for card in catalog.models.values() if card.endpoint == name]:
            yield _recipient(endpoint.base_url, "answers", *models)
    moderates = ModerationPolicy(base=settings.moderation, plans=settings.moderation_plans).active
    if settings.moderation_model and moderates:
        asked = catalog.endpoints[catalog.default.first.endpoint]
        yield _recipient(asked.base_url, "moderation", settings.moderation_model)
    if settings.transcription_model:
        from bot.llm.transcription import transcriber_card

        card = transcriber_card(catalog, settings.transcription_model)
        yield _recipient(catalog.endpoints[card.endpoint].base_url, "transcription", card.name)


def _recipient(url: str, use: Use, *models: str) -> Recipient:
    return Recipient(host=_host(url), use=use, models=models, encrypted=urlsplit(url).scheme == "https")


def _stores(settings: Settings) -> Iterator[str]:
    place = urlsplit(settings.database_url)
    yield f"PostgreSQL at {place.hostname}" if place.hostname else "an SQLite file on the bot's machine"
    if (redis := settings.redis()) and settings.response_cache != "off":
        yield f"Redis at {_host(redis)} (the response cache)"


def _wordless(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.otel_exporter_otlp_endpoint:
        yield "traces", _host(settings.otel_exporter_otlp_endpoint)
    if settings.sentry_dsn:
        yield "reports of errors", _host(settings.sentry_dsn.get_secret_value())
    if settings.dashboard_oidc_issuer:
        yield "signing in of admins", _host(settings.dashboard_oidc_issuer)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
