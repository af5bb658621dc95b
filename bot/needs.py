"""What the settings must have for the bot to serve: a platform, a model, and whatever their other settings need."""

from bot.errors import ConfigError
from bot.extensions import platform_names
from bot.settings import OPENAI_URL, Part, Settings, problem_of

NO_PLATFORM = (
    "TELEGRAM_BOT_TOKEN or SLACK_BOT_TOKEN is missing: set at least one, or try Parley without any account by "
    "`make demo` or `parley console`"
)


def check_serving(settings: Settings, part: Part = "all") -> None:
    """Raises ConfigError unless there is what `parley serve` needs."""
    problems = [*_platform_problems(settings), *(model_problems(settings) if part != "ingest" else [])]
    if settings.dashboard_oidc_issuer and not (settings.dashboard_oidc_client_id and settings.dashboard_oidc_people):
        problems.append("DASHBOARD_OIDC_ISSUER needs DASHBOARD_OIDC_CLIENT_ID and DASHBOARD_OIDC_PEOPLE")
    if settings.own_keys and settings.encryption_keys_file is None and not settings.encryption_keys_command:
        problems.append("OWN_KEYS needs ENCRYPTION_KEYS_FILE or ENCRYPTION_KEYS_COMMAND: no key is kept in the clear")
    if part != "all" and settings.database_url.startswith("sqlite"):
        problems.append(
            "DATABASE_URL is an SQLite file, which one process has for itself: use PostgreSQL, or no --role"
        )
    if problems:
        raise ConfigError(problems)


def model_problems(settings: Settings) -> list[str]:
    """What is missing to reach a model."""
    if settings.parley_models is not None:
        return []
    problems = []
    if settings.openai_api_key is None and settings.openai_base_url == OPENAI_URL:
        problems.append(problem_of(("openai_api_key",), "is missing"))
    if not settings.model:
        problems.append(problem_of(("model",), "is missing") + " (`parley doctor` lists them)")
    return problems


def _platform_problems(settings: Settings) -> list[str]:
    if settings.telegram_bot_token is None and settings.slack_bot_token is None:
        # Whether an extension's platform is set up, nobody knows before it is opened.
        return [] if platform_names() else [NO_PLATFORM]
    if (
        settings.slack_bot_token is not None
        and settings.slack_app_token is None
        and settings.slack_signing_secret is None
    ):
        return [problem_of(("slack_app_token",), "is missing (Slack's Socket Mode needs it beside SLACK_BOT_TOKEN)")]
    return []
