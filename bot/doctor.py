"""`parley doctor`: what works, what does not, and what to do about it."""

from collections.abc import Callable, Sequence

from bot.bootstrap import model_of, platforms_of, upgrade_if_needed
from bot.commands import all_commands
from bot.errors import ConfigError, ModelError, ParleyError, PlatformError
from bot.ports import Platform
from bot.settings import Settings
from bot.storage import Storage

Say = Callable[[str], None]

_SHOWN = 12


async def examine(settings: Settings, say: Say) -> bool:
    """Check everything and report line by line. True if all is well."""
    platforms = platforms_of(settings, all_commands())
    try:
        checks = [
            _settings(settings, say),
            await _database(settings, say),
            await _model(settings, say),
            *[await _platform(platform, say) for platform in platforms],
        ]
    finally:
        for platform in platforms:
            await platform.close()
    return all(checks)


def _settings(settings: Settings, say: Say) -> bool:
    try:
        settings.check_serving()
    except ConfigError as error:
        return _report(say, "settings", error.problems)
    if not settings.admins:
        say("! settings: ADMINS is empty, so nobody can change quotas by command")
    return _fine(say, "settings", "complete")


async def _database(settings: Settings, say: Say) -> bool:
    storage = Storage.open(settings.database_url)
    try:
        await upgrade_if_needed(storage)
        return _fine(say, "database", f"schema {await storage.revision()}")
    except ParleyError as error:
        return _report(say, "database", [f"{error}; check DATABASE_URL and the folder's permissions"])
    finally:
        await storage.close()


async def _model(settings: Settings, say: Say) -> bool:
    model = model_of(settings)
    try:
        offered = await model.models()
    except ModelError as error:
        advice = getattr(error, "hint", "") or "check OPENAI_BASE_URL and OPENAI_API_KEY"
        return _report(say, "model", [f"{settings.openai_base_url}: {type(error).__name__} {error}; {advice}"])
    finally:
        await model.close()
    if settings.model not in offered:
        names = ", ".join(sorted(offered)[:_SHOWN]) + (", …" if len(offered) > _SHOWN else "")
        return _report(say, "model", [f"MODEL={settings.model} is not offered; {settings.openai_base_url} has {names}"])
    return _fine(say, "model", f"{settings.model} at {settings.openai_base_url}")


async def _platform(platform: Platform, say: Say) -> bool:
    try:
        return _fine(say, platform.name, await platform.check())
    except PlatformError as error:
        return _report(say, platform.name, [getattr(error, "hint", "") or str(error)])


def _fine(say: Say, what: str, how: str) -> bool:
    say(f"✓ {what}: {how}")
    return True


def _report(say: Say, what: str, problems: Sequence[str]) -> bool:
    for problem in problems:
        say(f"✗ {what}: {problem}")
    return False
