"""Accounts of each role for the demo city, with passwords of this installation."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.demo.city import CITY_CODE
from geo.queries.demo import SOURCE
from geo.services import accounts
from geo.services.access import SYSTEM, Role
from geo.services.accounts import Caller

NAMES: Mapping[Role, tuple[str, str]] = {
    Role.PLANNER: ("demo-planner", "网格划分员（演示）"),
    Role.DISPATCHER: ("demo-dispatcher", "派遣员（演示）"),
    Role.GRID_WORKER: ("demo-worker", "网格员（演示）"),
    Role.MANAGER: ("demo-manager", "管理者（演示）"),
    Role.ADMIN: ("demo-admin", "管理员（演示）"),
}
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another when it is copied by hand."""


@dataclass(frozen=True)
class DemoAccount:
    """An account that was just made, with its password."""

    username: str
    password: str
    role: Role
    division_name: str


def add_demo_accounts(session: Session) -> list[DemoAccount]:
    """Add an account of each role: the grid worker in the community with most issues, the others in the whole city.

    Their passwords are random and need no change; they go with `wangge demo --drop`.

    Raises
    ------
    ConflictError
        One of the names is taken.
    """
    city = session.execute(text("select code, name from division where code = :code"), {"code": CITY_CODE}).one()
    busiest = session.execute(
        text(
            """
            select d.code, d.name from issue i join division d on d.id = i.division_id
            where d.level = 'community' group by d.id order by count(*) desc, d.code limit 1
            """
        )
    ).one()
    return [_add(session, role, *(busiest if role is Role.GRID_WORKER else city)) for role in Role]


def _add(session: Session, role: Role, code: str, division_name: str) -> DemoAccount:
    username, display_name = NAMES[role]
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    made = accounts.add(session, Caller(SYSTEM), username, display_name, password, division_code=code, source=SOURCE)
    made.must_change_password = False
    accounts.grant(session, Caller(SYSTEM), username, role, code)
    return DemoAccount(username, password, role, division_name)
