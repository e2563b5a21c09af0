"""The demo city in the database: is it there, may it come, and away with it."""

from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.queries import demo

DROP_COMMAND = "wangge demo --drop"


class DemoDataError(ConflictError):
    """Demo data and a city's own data don't mix."""


def has_demo(session: Session) -> bool:
    """Tell whether the demo city is loaded."""
    return demo.has_demo(session)


def refuse_beside_demo(session: Session) -> None:
    """Raise where the demo city is loaded: call it before real data is written.

    Raises
    ------
    DemoDataError
        Naming the command that removes the demo city.
    """
    if has_demo(session):
        raise DemoDataError(
            f"数据库里是演示数据（合成），真实数据不能与它混放。请先运行 {DROP_COMMAND}。"
            f" The database holds the demo city; remove it first: {DROP_COMMAND}"
        )


def refuse_beside_own_data(session: Session) -> None:
    """Raise where the demo city, or anything else, is loaded already.

    Raises
    ------
    DemoDataError
        Saying what is there.
    """
    if has_demo(session):
        raise DemoDataError(
            f"演示数据已经在库中。重新生成请先运行 {DROP_COMMAND}。 The demo city is already loaded: {DROP_COMMAND}"
        )
    if demo.has_own_data(session):
        raise DemoDataError(
            "数据库里已有真实数据，演示城市不会混入。请换一个空的 WANGGE_VAR 或数据库。"
            " The database holds data of its own; load the demo city into another (WANGGE_VAR, DATABASE_URL)"
        )


def drop_demo(session: Session) -> int:
    """Remove the demo city and everything reported in it, and return how many rows went; 0 where there was none."""
    return demo.delete_demo(session) if has_demo(session) else 0
