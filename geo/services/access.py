"""Roles, permissions and scope: who may do what, and in which part of the division tree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from geo.errors import GeoError

if TYPE_CHECKING:  # every command imports the roles, and most of them no database
    from sqlalchemy.orm import Session


class ForbiddenError(GeoError, PermissionError):
    """The caller is known but may not do this here."""


class Role(StrEnum):
    """What an account may be granted in a division's subtree."""

    PLANNER = "planner"
    DISPATCHER = "dispatcher"
    GRID_WORKER = "grid_worker"
    MANAGER = "manager"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a route may ask for; each route declares exactly one. ``public`` is one too."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    READ_MAP = "map.read"
    """Micro-grids, branches and posts of a place; the public sees grids."""
    READ_ISSUES = "issues.read"
    READ_PERSONAL = "issues.read_personal"
    WORK_ISSUES = "issues.work"
    READ_DRAFTS = "drafts.read"
    EDIT_DRAFTS = "drafts.edit"
    EDIT_STATIONS = "stations.edit"
    READ_COVERAGE = "coverage.read"
    IMPORT = "imports.create"
    EXPORT = "exports.read"
    MANAGE_ACCOUNTS = "accounts.manage"
    READ_AUDIT = "audit.read"
    ERASE_PERSONAL = "personal_data.erase"
    READ_METRICS = "metrics.read"


P = Permission
STAFF = frozenset({P.PUBLIC, P.SIGNED_IN, P.READ_MAP})

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.PLANNER: STAFF | {P.READ_DRAFTS, P.EDIT_DRAFTS, P.EDIT_STATIONS, P.READ_COVERAGE, P.EXPORT},
    Role.DISPATCHER: STAFF | {P.READ_ISSUES, P.READ_PERSONAL, P.WORK_ISSUES},
    Role.GRID_WORKER: STAFF | {P.READ_ISSUES, P.READ_PERSONAL, P.WORK_ISSUES},
    Role.MANAGER: STAFF | {P.READ_ISSUES, P.READ_DRAFTS, P.READ_COVERAGE, P.EXPORT, P.READ_AUDIT, P.READ_METRICS},
    Role.ADMIN: frozenset(Permission) - {P.READ_PERSONAL, P.WORK_ISSUES},
}


@dataclass(frozen=True)
class Scope:
    """The part of the division tree that a query may see: whole subtrees below ``paths``, or everything."""

    paths: tuple[str, ...] = ()
    everywhere: bool = False

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.paths)

    def parameter(self) -> str:
        """Give the scope as the text that SQL and row-level security read: ``*`` or comma-separated paths."""
        return "*" if self.everywhere else ",".join(self.paths)

    def covers(self, path: str | None) -> bool:
        """Tell whether a division path lies in the scope; a row without a division is for ``everywhere`` only."""
        if self.everywhere:
            return True
        return path is not None and any(path == p or path.startswith(p + ".") for p in self.paths)


@dataclass(frozen=True)
class Grant:
    """A role in the subtree of ``path``; ``None`` is everywhere."""

    role: Role
    path: str | None
    division_code: str | None = None
    division_name: str | None = None


@dataclass(frozen=True)
class Principal:
    """Who is calling: an account, an API key, or (neither) the public."""

    account_id: int | None = None
    api_key_id: int | None = None
    username: str | None = None
    display_name: str | None = None
    must_change_password: bool = False
    grants: tuple[Grant, ...] = field(default=())

    @property
    def who(self) -> str | None:
        """The name that stands in records; none for the public."""
        return f"key:{self.display_name}" if self.api_key_id is not None else self.username

    @property
    def is_known(self) -> bool:
        """Whether somebody signed in."""
        return self.account_id is not None or self.api_key_id is not None

    def scope(self, permission: Permission) -> Scope:
        """Give where the caller holds ``permission``."""
        if permission is Permission.PUBLIC or (permission is Permission.SIGNED_IN and self.is_known):
            return Scope(everywhere=True)
        return merge(g.path for g in self.grants_of(permission))

    def grants_of(self, permission: Permission) -> list[Grant]:
        """Give the grants that bring ``permission``."""
        return [g for g in self.grants if permission in ROLE_PERMISSIONS[g.role]]

    def may(self, permission: Permission) -> bool:
        """Tell whether the caller holds ``permission`` anywhere."""
        return bool(self.scope(permission))

    def require(self, permission: Permission, path: str | None) -> None:
        """Raise ForbiddenError unless the caller holds ``permission`` at the division path."""
        if not self.scope(permission).covers(path):
            raise ForbiddenError("您在该行政区划没有此项权限。 You may not do this in that division.")


ANONYMOUS = Principal()
SYSTEM = Principal(username="system", grants=(Grant(Role.ADMIN, None),))
"""What the software does by itself."""


def operator(name: str) -> Principal:
    """Give whoever works at the console of the machine, by the name of their account there."""
    return Principal(username=f"console:{name}", grants=(Grant(Role.ADMIN, None),))


def merge(paths: Iterable[str | None]) -> Scope:
    """Give the smallest scope that covers all paths (``None`` covers everything)."""
    found = set(paths)
    if None in found:
        return Scope(everywhere=True)
    texts = sorted(p for p in found if p is not None)
    return Scope(tuple(p for p in texts if not any(p.startswith(other + ".") for other in texts)))


def reveal(session: "Session", kind: Literal["account", "username", "token"], value: object) -> None:
    """Let row-level security show this transaction one account, or what belongs to a token's hash, beside its scope.

    For who has no scope yet: whoever signs in, or shows a token, is to be found before it is known what they may see.
    """
    _set(session, f"wangge.{kind}", str(value))


def limit_to(session: "Session", scope: Scope) -> None:
    """Let row-level security show this transaction the people and issues of ``scope``, and no others."""
    _set(session, "wangge.scope", scope.parameter())


def _set(session: "Session", name: str, value: str) -> None:
    session.connection().exec_driver_sql("select set_config(%(name)s, %(value)s, true)", {"name": name, "value": value})
