"""`parley doctor`: what works, what does not, and what to do about it."""

from collections.abc import Callable, Sequence

from bot.catalogs import single_catalog
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.database import storage_of, upgrade_if_needed
from bot.domain.models import Catalog, Endpoint
from bot.errors import ConfigError, ModelError, ParleyError, PlatformError
from bot.llm import list_models
from bot.llm.catalog import read_catalog, surroundings
from bot.needs import check_serving
from bot.platforms import all_platforms
from bot.ports import Platform
from bot.settings import Settings

Say = Callable[[str], None]

_SHOWN = 12


async def examine(settings: Settings, say: Say) -> bool:
    """Check everything and report line by line. True if all is well."""
    platforms = all_platforms(settings, all_commands())
    try:
        checks = [
            _settings(settings, say),
            await _database(settings, say),
            await _models(settings, say),
            *[await check_platform(platform, say) for platform in platforms],
        ]
    finally:
        for platform in platforms:
            await platform.close()
    return all(checks)


def _settings(settings: Settings, say: Say) -> bool:
    try:
        check_serving(settings)
    except ConfigError as error:
        return _report(say, "settings", error.problems)
    if not settings.admins:
        say("! settings: ADMINS is empty, so nobody can change quotas by command")
    return _fine(say, "settings", "complete")


async def _database(settings: Settings, say: Say) -> bool:
    try:
        storage = storage_of(settings)
    except ConfigError as error:
        return _report(say, "database", error.problems)
    try:
        await upgrade_if_needed(storage)
        return _fine(say, "database", f"schema {await storage.revision()}")
    except ParleyError as error:
        return _report(say, "database", [f"{error}; check DATABASE_URL and the folder's permissions"])
    finally:
        await storage.close()


async def _models(settings: Settings, say: Say) -> bool:
    try:
        catalog = _catalog(settings)
    except ConfigError as error:
        return _report(say, "models", error.problems)
    return all([await _endpoint(catalog, endpoint, say) for endpoint in catalog.endpoints.values()])


def _catalog(settings: Settings) -> Catalog:
    if settings.parley_models is not None:
        return read_catalog(settings.parley_models, surroundings())
    return single_catalog(settings, window=1)


async def _endpoint(catalog: Catalog, endpoint: Endpoint, say: Say) -> bool:
    try:
        offered = await list_models(endpoint, SystemClock())
    except ModelError as error:
        advice = getattr(error, "hint", "") or "check the address and the key"
        return _report(say, "model", [f"{endpoint.base_url}: {type(error).__name__} {error}; {advice}"])
    names = [card.name for card in catalog.models.values() if card.endpoint == endpoint.name]
    missing = [name for name in names if name not in offered]
    if missing:
        known = ", ".join(sorted(offered)[:_SHOWN]) + (", …" if len(offered) > _SHOWN else "")
        return _report(say, "model", [f"{name} is not offered; {endpoint.base_url} has {known}" for name in missing])
    return _fine(say, "model", f"{', '.join(names)} at {endpoint.base_url}")


async def check_platform(platform: Platform, say: Say) -> bool:
    """Ask a platform who we are."""
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
