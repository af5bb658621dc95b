"""Settings from the environment and `.env`. Every mistake is reported at once, by name; secrets are never printed."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.domain.access import AccessPolicy, Entry
from bot.domain.budgets import EVERYWHERE, Budget, BudgetPlan, Span
from bot.domain.caps import Caps
from bot.domain.context import ContextPolicy
from bot.domain.moderation import Strictness
from bot.errors import ConfigError
from bot.notation import (
    DOLLARS,
    IDS,
    Database,
    Dollars,
    Identities,
    Language,
    Limit,
    Offered,
    Pause,
    Pauses,
    People,
    Secret,
    StrictnessByPlan,
    SwitchByPlan,
    Url,
    Webhook,
    Words,
    Zone,
    https,
    token,
)
from bot.offers import Offer, Offers, Told

_SUMMARY = 400
"""Tokens of a summary, unless the operator says otherwise."""

Part = Literal["all", "ingest", "work"]
"""What a process does: take events in, handle them, or both."""

OPENAI_URL = "https://api.openai.com/v1"


class Settings(BaseSettings):
    """Everything an operator can set; the descriptions say what to do about a bad value.

    `.env.example` documents each name; a test keeps the two equal.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    telegram_bot_token: Annotated[Secret, token(r"[0-9]+:[A-Za-z0-9_-]+")] = Field(
        None, description="copy it from @BotFather, like 123456:ABC-DEF…"
    )
    telegram_api_url: Url = Field("https://api.telegram.org", description="leave it out for the public service")

    telegram_webhook_url: Webhook = Field(
        None, description="an https address with a path, such as https://bot.example.org/telegram; leave it out to poll"
    )

    telegram_trigger_words: Words = Field((), description="words that call the bot in groups, separated by commas")
    telegram_channel_posts: bool = Field(default=False, description="true or false")
    telegram_rich_messages: bool = Field(default=False, description="true or false")

    slack_bot_token: Annotated[Secret, token(r"xoxb-\S+")] = Field(
        None, description="the Bot User OAuth Token (xoxb-…) under OAuth & Permissions of your Slack app"
    )
    slack_app_token: Annotated[Secret, token(r"xapp-\S+")] = Field(
        None,
        description="an App-Level Token (xapp-…) with connections:write, under Basic Information of your Slack app",
    )
    slack_signing_secret: Secret = Field(
        None, description="the Signing Secret under Basic Information of your Slack app"
    )
    slack_agent: bool = Field(default=False, description="true or false")
    slack_follow_threads: bool = Field(default=True, description="true or false")
    slack_api_url: Url = Field("https://slack.com/api", description="leave it out for the public service")

    openai_api_key: Secret = Field(None, description="the key of your model endpoint; any word for local servers")
    openai_base_url: Url = Field(OPENAI_URL, description="the address of an OpenAI-compatible endpoint, ending in /v1")
    model: str = Field("", description="the name of a model that your endpoint offers")
    parley_models: Path | None = Field(
        None, description="a file that lists endpoints and models; begin with models.example.toml"
    )
    system_prompt: str = Field(
        "You are a helpful assistant. Answer in the language of the person you talk to.",
        description="what the model is told first",
    )
    personas: Path | None = Field(None, description="a folder with a file NAME.md for each persona")
    context_window: int | None = Field(
        None, ge=512, description="the model's context window in tokens; leave it out to use what is known of the model"
    )
    max_answer_tokens: int = Field(4096, ge=64, description="the longest answer in tokens")

    context_policy: Literal["truncate", "summarize", "recall"] = Field(
        "recall", description="truncate, summarize or recall"
    )
    context_budget: int = Field(8000, ge=256, description="tokens of what was said before, in every prompt")
    context_low_water: float = Field(0.5, ge=0, le=1, description="a share from 0 to 1")
    context_idle_seconds: int = Field(600, ge=1, description="a whole number of seconds")
    summary_tokens: int | None = Field(None, ge=0, description="tokens, 0 for no summaries")
    recall_tokens: int | None = Field(None, ge=0, description="tokens, 0 for nothing")
    recall_threshold: float = Field(0.35, ge=0, le=1, description="a share from 0 to 1")
    recall_other_conversations: bool = Field(default=False, description="true or false")

    model_sees_images: bool | None = Field(None, description="true or false; leave it out to go by its name")
    max_files: int = Field(10, ge=0, le=50, description="a whole number from 0 to 50")
    max_images: int = Field(5, ge=0, le=20, description="a whole number from 0 to 20")
    max_file_bytes: int = Field(10_000_000, ge=1000, le=20_000_000, description="bytes, at most 20000000")
    max_file_tokens: int = Field(6000, ge=100, description="tokens of all files of a message together")
    max_pdf_pages: int = Field(50, ge=1, description="a whole number of pages")

    transcription_model: str = Field("", description="the name of a model that hears, such as whisper-1")
    transcription_price: Dollars = Field(None, description="US$ for a minute, like 0.006")
    max_voice_seconds: int = Field(600, ge=1, description="a whole number of seconds")

    max_question_tokens: int | None = Field(None, ge=1, description="the longest message in tokens")

    conversation_idle: Pause = Field(None, description="like 30m, 12h or 7d, or never")

    answer_buttons: Offered = Field(
        frozenset(get_args(Offer)), description="any of retry,continue,files,thumbs, or none"
    )
    answer_bill: Told = Field("admins", description="nobody, admins or everybody")
    titles: bool = Field(default=True, description="true or false")
    burst_seconds: float = Field(0.6, ge=0, le=10, description="seconds from 0 to 10")

    response_cache: Literal["off", "account", "everyone"] = Field("off", description="off, account or everyone")
    response_cache_seconds: int = Field(86_400, ge=1, description="a whole number of seconds")
    response_cache_charge: Literal["nothing", "message", "full"] = Field(
        "message", description="nothing, message or full"
    )

    database_url: Database = Field(
        "sqlite+aiosqlite:///data/parley.db",
        description="sqlite:///path/to/file.db or postgresql://user:password@host/database",
    )
    encryption_keys_file: Path | None = Field(
        None, description="a file with a key on each line, as `openssl rand -base64 32` prints one, the newest first"
    )
    encryption_keys_command: str = Field("", description="a command that prints such lines, or leave it out")
    keep_events_days: int = Field(30, ge=7, description="a whole number of days, at least 7")
    lease_seconds: float = Field(10.0, ge=2, le=300, description="seconds, from 2 to 300")
    turns_at_once: int | None = Field(None, ge=1, description="a whole number; leave it out for no limit")
    turns_per_person: int | None = Field(None, ge=1, description="a whole number; leave it out for no limit")
    queue_seconds: float | None = Field(
        None, ge=10, description="seconds; leave it out to wait for as long as it takes"
    )
    redis_url: Secret = Field(None, description="redis://host:6379/0, or leave it out")

    admins: Identities = Field(frozenset(), description=f"{IDS}, like telegram:123,slack:T1/U2")
    admin_chats: Identities = Field(frozenset(), description=f"{IDS} of chats, like telegram:-1001,slack:T1/C2")
    entry: Entry = Field("open", description="open, list, invitation or approval")
    allowed: Identities = Field(
        frozenset(), description=f"{IDS} of people, chats or workspaces, like telegram:123,telegram:-1001,slack:T1"
    )
    allow_guests: bool = Field(default=False, description="true or false")
    allow_external: bool = Field(default=False, description="true or false")
    moderation: Strictness = Field("off", description="off, flag or block")
    moderation_plans: StrictnessByPlan = Field(
        default_factory=dict, description="plans with another strictness, like vip=off, plus=flag"
    )
    moderation_words: Path | None = Field(None, description="a file with a word or phrase on each line")
    moderation_model: str = Field("", description="a model of the endpoint's moderation API, or leave it out")
    moderation_answers: bool = Field(default=False, description="true or false")
    strikes: int = Field(3, ge=0, description="a whole number, 0 for none")
    strike_timeouts: Pauses = Field(
        (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)), description="like 10m, 1h, 1d"
    )
    masking: bool = Field(default=False, description="true or false")
    masking_plans: SwitchByPlan = Field(
        default_factory=dict, description="plans with another choice, like vip=false, plus=true"
    )
    masking_patterns: Path | None = Field(None, description="a file with a NAME and a regular expression on each line")
    messages_per_minute: Limit = Field(60, ge=1, description="a whole number, or unlimited")
    daily_messages: Limit = Field(100, description="a whole number, or unlimited")
    daily_tokens: Limit = Field(300_000, description="a whole number, or unlimited")
    own_keys: bool = Field(default=False, description="true or false")
    default_plan: str = Field(
        "free", pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="free, plus, vip or a plan that admins made"
    )
    budget_day: Dollars = Field(None, description=DOLLARS)
    budget_month: Dollars = Field(None, description=DOLLARS)
    budget_telegram_day: Dollars = Field(None, description=DOLLARS)
    budget_telegram_month: Dollars = Field(None, description=DOLLARS)
    budget_slack_day: Dollars = Field(None, description=DOLLARS)
    budget_slack_month: Dollars = Field(None, description=DOLLARS)
    budget_soft_percent: int = Field(80, ge=1, le=100, description="a whole number from 1 to 100")
    unknown_prices: Literal["allow", "refuse"] = Field("allow", description="allow or refuse")
    alert_call_tokens: Limit = Field(100_000, description="a whole number, or unlimited")
    timezone: Zone = Field("UTC", description="a name such as Europe/Berlin")
    language: Language = Field("en", description="one of the catalogues")

    http_host: str = Field("127.0.0.1", description="the address to listen on: webhooks, /healthz, /readyz")
    http_port: int = Field(8080, ge=0, le=65535, description="a port number")

    metrics: bool = Field(default=False, description="true or false")
    otel_exporter_otlp_endpoint: Url | None = Field(
        None, description="the address of an OpenTelemetry collector, like http://localhost:4318, or leave it out"
    )
    sentry_dsn: Secret = Field(None, description="the DSN of your Sentry project, or leave it out")
    dashboard_url: Webhook = Field(
        None, description="an https address with a path, such as https://bot.example.org/dashboard"
    )
    dashboard_messages: bool = Field(default=False, description="true or false")
    dashboard_oidc_issuer: Annotated[Url, AfterValidator(https)] | None = Field(
        None, description="the https address of an OpenID provider"
    )
    dashboard_oidc_client_id: str = Field("", description="what the provider calls this application")
    dashboard_oidc_client_secret: Secret = Field(None, description="the secret that the provider gave it")
    dashboard_oidc_people: People = Field(
        {}, description="who is who, like ada@example.org=telegram:123, separated by commas"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["console", "json"] = Field("console", description="console or json")

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment and `.env`. Raises ConfigError with every problem at once."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise ConfigError([problem_of(one["loc"], one["msg"]) for one in error.errors()]) from None

    def secrets(self) -> list[str]:
        """The values no log line may hold."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        password = urlsplit(self.database_url).password
        # A short one is a word such as "parley", which log lines are full of.
        return [*secrets, password, unquote(password)] if password and len(password) >= 8 else secrets

    def redis(self) -> str | None:
        """The address of Redis, with its password."""
        return self.redis_url.get_secret_value() if self.redis_url else None

    def offers(self) -> Offers:
        """What stands under answers."""
        return Offers(kinds=self.answer_buttons, bill=self.answer_bill)

    def caps(self) -> Caps:
        """How many turns may run at once."""
        return Caps(each=self.turns_per_person, together=self.turns_at_once)

    def context(self) -> ContextPolicy:
        """How the past of conversations goes along."""
        usual = {"truncate": 0, "summarize": _SUMMARY, "recall": 0}[self.context_policy]
        return ContextPolicy(
            budget=self.context_budget,
            low_water=self.context_low_water,
            patience=self.context_idle_seconds,
            summary=usual if self.context_policy == "truncate" or self.summary_tokens is None else self.summary_tokens,
            recall=self.recall_tokens if self.context_policy == "recall" else 0,
            threshold=self.recall_threshold,
        )

    def budgets(self) -> BudgetPlan:
        """What may be spent, in micro-US$."""
        scopes = {EVERYWHERE: "budget", "telegram": "budget_telegram", "slack": "budget_slack"}
        spans: tuple[Span, ...] = get_args(Span)
        budgets = [
            Budget(scope=scope, span=span, limit=int(dollars * 10**6))
            for scope, name in scopes.items()
            for span in spans
            if (dollars := getattr(self, f"{name}_{span}")) is not None
        ]
        return BudgetPlan(budgets=tuple(budgets), soft=self.budget_soft_percent / 100, unpriced=self.unknown_prices)

    def access(self) -> AccessPolicy:
        """Who may use the bot."""
        return AccessPolicy(
            owners=self.admins,
            entry=self.entry,
            allowed=self.allowed,
            guests=self.allow_guests,
            external=self.allow_external,
            admin_chats=self.admin_chats,
        )


def problem_of(where: tuple[int | str, ...], what: str) -> str:
    """What is wrong with a setting, and what to do about it."""
    name = str(where[0]) if where else ""
    field = Settings.model_fields.get(name)
    advice = f": {field.description}" if field and field.description else ""
    return f"{name.upper()} {what.removeprefix('Value error, ')}{advice}"
