"""The chain of schema migrations (Alembic), and running it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def alembic_config(engine: Engine) -> Config:
    """Give Alembic's configuration bound to an engine of the owner role."""
    config = Config(attributes={"engine": engine})
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to ``revision``."""
    command.upgrade(alembic_config(engine), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to ``revision``."""
    command.downgrade(alembic_config(engine), revision)
