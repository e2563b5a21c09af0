"""Settings from the environment (prefix ``WANGGE_``); each has its row in the README."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_", extra="ignore")

    database_url: str | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "WANGGE_DATABASE_URL", "DATABASE_URL")
    )
    """The owner's URL of an existing PostGIS; the embedded one is used where it is not set."""
    var: Path | None = None
    """Where data, logs and sockets live; ``var/`` beside the program, or ``/var/lib/wangge`` for root."""
    host: str = "127.0.0.1"
    port: int = 8000
    log_format: Literal["console", "json"] = "json"
    snap_m: float = Field(default=30, ge=0, le=1000)
    """A point in no leaf is placed in one this near, in the same known division."""
    certain_from: float = Field(default=0.9, gt=0.5, le=1)
    """The share from which a placement counts as certain."""
    secret_key: SecretStr | None = None
    """Signs access tokens; at least 32 characters. Changing it signs everyone out."""
    secret_key_file: Path | None = None
    """Where the key is read from, and made at the first start (mode 600), if it is not set itself."""
