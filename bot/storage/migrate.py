"""Alembic, called from code: there is no alembic.ini."""

from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import ConfigError
from bot.storage.trouble import translate


def configuration(url: str) -> Config:
    """Alembic's settings for the database at `url`."""
    config = Config(stdout=StringIO())  # what it says is of no use to anybody
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # An attribute and no option: options interpolate %, which passwords in URLs contain when they are quoted.
    config.attributes["url"] = url
    return config


def upgrade(url: str, target: str = "head") -> None:
    """Bring the schema up to date. Raises ConfigError when the database knows a newer one, StorageError."""
    try:
        command.upgrade(configuration(url), target)
    except CommandError as error:
        raise ConfigError(
            [f"DATABASE_URL: a newer Parley has changed the database; start that one ({error})"]
        ) from error
    except SQLAlchemyError as error:
        raise translate(error) from error


def downgrade(url: str, target: str) -> None:
    """Take the schema back. Raises ConfigError when there is no such revision, StorageError."""
    try:
        command.downgrade(configuration(url), target)
    except CommandError as error:
        raise ConfigError([f"{target} is no revision of the schema: {error}"]) from error
    except SQLAlchemyError as error:
        raise translate(error) from error


def differences(url: str) -> list[str]:
    """What in the schema is not as the code expects it."""
    try:
        check(url)
    except CommandError as error:
        return [str(error)]
    return []


def check(url: str) -> None:
    """Raises alembic.util.CommandError when tables and migrations differ."""
    command.check(configuration(url))
