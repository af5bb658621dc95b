"""Alembic, called from code: there is no alembic.ini."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def configuration(url: str) -> Config:
    """Alembic's settings for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # An attribute and no option: options interpolate %, which passwords in URLs contain when they are quoted.
    config.attributes["url"] = url
    return config


def upgrade(url: str, target: str = "head") -> None:
    command.upgrade(configuration(url), target)


def downgrade(url: str, target: str) -> None:
    command.downgrade(configuration(url), target)


def check(url: str) -> None:
    """Raises alembic.util.CommandError when tables and migrations differ."""
    command.check(configuration(url))
