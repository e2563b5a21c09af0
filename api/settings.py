"""Settings from the environment (prefix ``WANGGE_``); each has its row in the README."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from geo.errors import GeoError
from geo.placing_rules import PlacingRules
from geo.size_rules import SizeRules
from geo.walking_rules import MAX_MINUTES, MOST_MINUTES, SPEEDS_KMH, WalkingRules


class WrongSettingError(GeoError, ValueError):
    """A setting has a value that it cannot have."""


RATE = r"^[1-9][0-9]*/(second|minute|hour)$"


class Settings(BaseSettings):
    """What an operator may set. Nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_", extra="ignore")

    database_url: str | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "WANGGE_DATABASE_URL", "DATABASE_URL")
    )
    """The owner's URL of an existing PostGIS; the embedded one is used where it is not set."""
    database_password_file: Path | None = None
    """Holds the password that `database_url` leaves out (a container's secret)."""
    app_password_file: Path | None = None
    """Holds the password of the role that the server works as, or is made (mode 600); by default in the data folder."""
    var: Path | None = None
    """Where data, logs and sockets live; ``var/`` beside the program, or ``/var/lib/wangge`` for root."""
    host: str = "127.0.0.1"
    port: int = 8000
    log_format: Literal["console", "json"] = "json"
    snap_m: float = Field(default=PlacingRules.snap_m, ge=0, le=1000)
    """A point in no leaf is placed in one this near, in the same known division."""
    circle_minutes: Annotated[tuple[int, ...], NoDecode] = WalkingRules.minutes
    """How long the walks of circles and coverage are, such as 5,10,15."""
    walking_kmh: float = Field(default=WalkingRules.adult_kmh, ge=SPEEDS_KMH[0], le=SPEEDS_KMH[1])
    """Walking speed of adults, in circles and coverage; `WalkingRules` has the sources of both speeds."""
    elderly_kmh: float = Field(default=WalkingRules.elderly_kmh, ge=SPEEDS_KMH[0], le=SPEEDS_KMH[1])
    """Walking speed of the elderly, at most that of adults."""
    community_centre_m2: float = Field(default=SizeRules.community_m2, ge=0)
    """Least room of a community's service centre."""
    compound_centre_m2: float = Field(default=SizeRules.compound_m2, ge=0)
    """Least room of a compound's service centre."""
    centre_m2_per_100_households: float = Field(default=SizeRules.per_100_households_m2, ge=0)
    """Room for each 100 households that is enough even where it is less than the two above."""
    network_memory_mb: int = Field(default=1000, ge=50)
    """What a server's or worker's walking networks may take; the least recently used one goes first."""
    certain_from: float = Field(default=PlacingRules.certain_from, gt=0.5, le=1)
    """The share from which a placement counts as certain."""
    map_approval_number: str | None = Field(default=None, max_length=100)
    """审图号 of the map shown, in the corner of every map page."""
    public_url: str | None = Field(default=None, max_length=200, pattern=r"^https?://[^\s/#?]+(/[^\s#?]*)?$")
    """Where the public reaches this server: what the codes on printed notice boards lead to."""
    secret_key: SecretStr | None = None
    """Signs access tokens; at least 32 characters. Changing it ends every access token."""
    secret_key_file: Path | None = None
    """Where the key is read from, or made (mode 600), if it is not set itself; by default in the data folder."""

    address_rate: str = Field(default="3000/minute", pattern=RATE)
    """Requests of one address; many phones share one behind their operator's gateway."""
    account_rate: str = Field(default="1200/minute", pattern=RATE)
    """Requests of one account or API key."""

    @field_validator("circle_minutes", mode="before")
    @classmethod
    def _ascending_minutes(cls, given: Any) -> Any:
        texts = given.split(",") if isinstance(given, str) else [str(one) for one in given]
        minutes = tuple(int(text) if text.strip().isdecimal() else 0 for text in texts)
        is_right = 0 < len(minutes) <= MOST_MINUTES and minutes[0] > 0 and minutes[-1] <= MAX_MINUTES
        if not is_right or any(first >= second for first, second in pairwise(minutes)):
            raise ValueError(
                f"give one to {MOST_MINUTES} whole numbers from 1 to {MAX_MINUTES} in ascending order, such as 5,10,15"
            )
        return minutes

    @model_validator(mode="after")
    def _elderly_not_faster(self) -> Self:
        if self.elderly_kmh > self.walking_kmh:
            raise ValueError(
                f"WANGGE_ELDERLY_KMH is {self.elderly_kmh:g}: the elderly can't walk faster than adults, for whom"
                f" WANGGE_WALKING_KMH says {self.walking_kmh:g}; lower the first or raise the second"
            )
        return self

    @model_validator(mode="after")
    def _with_password(self) -> Self:
        if self.database_url is None:
            return self
        scheme, _, rest = self.database_url.partition("://")
        if scheme.split("+")[0] != "postgresql" or not rest:
            raise ValueError("the database's URL must look like postgresql://owner@host/database")
        if self.database_password_file is not None:
            user, at, host = rest.partition("@")
            if not at:
                raise ValueError("name the owner in the database's URL: postgresql://owner@host/database")
            password = quote(_read(self.database_password_file), safe="")
            self.database_url = f"{scheme}://{user.split(':')[0]}:{password}@{host}"
            self.database_password_file = None
        return self

    @property
    def placing(self) -> PlacingRules:
        """What a placement depends on besides borders."""
        return PlacingRules(self.snap_m, self.certain_from)

    @property
    def rooms(self) -> SizeRules:
        """How much room a service centre needs at least."""
        return SizeRules(self.community_centre_m2, self.compound_centre_m2, self.centre_m2_per_100_households)

    @property
    def walking(self) -> WalkingRules:
        """How long and how fast people walk."""
        return WalkingRules(self.circle_minutes, self.walking_kmh, self.elderly_kmh)

    @property
    def var_folder(self) -> Path:
        """The folder of data, logs and sockets, absolute."""
        if self.var is not None:
            return self.var.absolute()
        if os.geteuid() == 0:
            return Path("/var/lib/wangge")
        return Path(__file__).resolve().parent.parent / "var"


def read_settings(**given: object) -> Settings:
    """Give the settings; what is given (and not None) goes before the environment.

    Raises
    ------
    WrongSettingError
        Names each wrong setting, its value and what it may be.
    """
    try:
        return Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        # What is wrong with several together has no place, and an input that may hold a password.
        wrong = [
            (f"WANGGE_{str(e['loc'][0]).upper()} is {e['input']!r}: " if e["loc"] else "")
            + e["msg"].removeprefix("Value error, ")
            for e in error.errors()
        ]
        raise WrongSettingError("; ".join(wrong)) from None


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ValueError(f"the password file {file} can't be read: {error.strerror}") from None
