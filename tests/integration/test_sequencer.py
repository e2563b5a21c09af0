"""Committed events get a dense seq, in order, from one leader; a long writer holds nothing up."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from geo.db.engine import APP_ROLE
from geo.services.sequencer import stamp_events, try_to_lead


@pytest.fixture
def writer(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as connection:
        connection.execute("""
            insert into report (id, category, description, geom, source)
            values (gen_random_uuid(), 'x', '', st_setsrid(st_makepoint(110, 25), 4326), 'test')
        """)
        connection.execute("""
            insert into issue (report_id, category, geom, source) select id, 'x', geom, 'test' from report
        """)
        connection.commit()
        yield connection


def add_event(connection: psycopg.Connection, kind: str) -> None:
    connection.execute("insert into issue_event (issue_id, kind) select id, %s from issue", [kind])


def stamped(connection: psycopg.Connection) -> list[tuple[int, str]]:
    return connection.execute("select seq, kind from issue_event where seq is not null order by seq").fetchall()


async def stamp(url: str) -> int:
    options = f"-c role={APP_ROLE} -c wangge.scope=*"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, options=options) as leader:
        assert await try_to_lead(leader)
        return await stamp_events(leader)


def test_a_long_writer_holds_nothing_up_and_is_stamped_when_it_commits(
    database_url: str, writer: psycopg.Connection
) -> None:
    with psycopg.connect(database_url) as other:
        add_event(writer, "slow")  # has the lower id, commits later
        add_event(other, "quick")
        other.commit()
        assert asyncio.run(stamp(database_url)) == 1
        assert stamped(other) == [(1, "quick")]
        writer.commit()
        assert asyncio.run(stamp(database_url)) == 1
        other.commit()
        assert stamped(other) == [(1, "quick"), (2, "slow")]


def test_seq_is_dense_though_transactions_fail(
    database_url: str, writer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.services.sequencer.MOST", 3)
    for number in range(10):
        add_event(writer, str(number))
        writer.rollback() if number % 3 == 0 else writer.commit()
    assert asyncio.run(stamp(database_url)) == 6
    assert stamped(writer) == [(i + 1, kind) for i, kind in enumerate("124578")]
    assert asyncio.run(stamp(database_url)) == 0


def test_there_is_one_leader_and_the_next_takes_over(database_url: str) -> None:
    async def main() -> tuple[bool, bool, bool]:
        first = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
        second = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
        leads, follows = await try_to_lead(first), await try_to_lead(second)
        await first.close()
        for _ in range(100):
            if await try_to_lead(second):
                break
            await asyncio.sleep(0.02)
        else:
            return leads, follows, False
        await second.close()
        return leads, follows, True

    assert asyncio.run(main()) == (True, False, True)
