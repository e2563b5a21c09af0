"""`wangge bench replace`: open issues after a publish that changes 1 % of the grids, beside joining them all anew.

Re-placement counts with its receipts, history and commits; the join only writes down which leaf each issue lies in.
Each has one core: by default PostgreSQL shares such a join among as many as there are.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from api.bench.rows import Row
from api.bench.scale_city import MICRO_GRIDS, scale_city
from geo.db.engine import make_engine
from geo.models import Edition, Layer
from geo.queries import versions
from geo.queries.versions import CurrentVersion, NewVersion
from geo.services.editions import lock_layer, write_edition
from geo.services.replacement import sweep_all

ISSUES = 1_000_000
CHANGED = 0.01


def rows(tell: Callable[[str], None], *, issues: int = ISSUES, micro_grids: int = MICRO_GRIDS) -> Iterator[Row]:
    """Measure the sweep after a publish, receipts and history included, beside one join of all issues and leaves."""
    with scale_city(tell, micro_grids) as url:
        engine = make_engine(url, pooled=False)
        tell(f"storing {issues:,} open issues")
        _spread(engine, issues)
        _store(engine)
        grids, edition_id = _publish(engine)
        tell(f"{grids:,} grids have changed; joining all issues with the leaves of today, then placing theirs anew")
        joining_s = _timed(partial(_join, engine))
        swept = []
        replacing_s = _timed(lambda: swept.append(sweep_all(sessionmaker(engine).begin, edition_id)))
        done = swept[0]
        tell(f"joined in {joining_s:.1f} s; {done.placed:,} placed anew in {replacing_s:.1f} s, {done.moved:,} moved")
        engine.dispose()
    case = f"re-placement of {issues:,} issues, {CHANGED:.0%} of the grids changed"
    yield Row(case, micro_grids, issues / replacing_s, "one SQL join of them all", issues / joining_s)


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _spread(engine: Engine, issues: int) -> None:
    """Spread points over the city and find the leaf of each; a few lie in none and are left out."""
    with engine.begin() as connection:
        connection.execute(
            text(
                """
                create unlogged table bench_owner as
                with extent as (
                    select ST_XMin(e) as west, ST_YMin(e) as south, ST_XMax(e) - ST_XMin(e) as wide,
                           ST_YMax(e) - ST_YMin(e) as high
                    from (select ST_Extent(geom) as e from grid_version where is_leaf) found
                ), point as materialized (
                    select n, ST_SetSRID(ST_Point(round((west + wide * random())::numeric, 7)::float8,
                                                  round((south + high * random())::numeric, 7)::float8), 4326) as geom
                    from extent, generate_series(1, :issues) n
                )
                select p.n, p.geom, v.id as version_id
                from point p join grid_version v on v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, p.geom)
                """
            ),
            {"issues": issues},
        )


def _store(engine: Engine) -> None:
    """Make open issues of the points; references are right as made, so their triggers needn't check each."""
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(
            text(
                """
                with named as (select gen_random_uuid() as id, geom, version_id from bench_owner),
                reported as (
                    insert into report (id, category, description, geom, source)
                    select id, '路面', '', geom, 'demo' from named
                )
                insert into issue (report_id, category, geom, layer_id, leaf_version_id, grid_id, micro_grid_id,
                                   division_id, division_path, branch_id, source)
                select n.id, '路面', n.geom, v.layer_id, v.id, coalesce(v.parent_id, v.grid_id),
                       case when v.parent_id is not null then v.grid_id end, v.division_id, v.division_path,
                       r.branch_id, 'demo'
                from named n join grid_version v on v.id = n.version_id
                left join responsible_branch r on r.grid_id = coalesce(v.parent_id, v.grid_id)
                """
            )
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze issue, report"))


def _join(engine: Engine) -> None:
    """Find the leaf of every open issue."""
    with engine.begin() as connection:
        connection.execute(text("set local max_parallel_workers_per_gather = 0"))
        connection.execute(
            text(
                """
                create unlogged table bench_joined as select i.id, v.id as version_id
                from issue i join grid_version v on v.is_leaf and upper_inf(v.valid) and ST_Covers(v.geom, i.geom)
                where i.state <> 'closed'
                """
            )
        )


def _publish(engine: Engine) -> tuple[int, int]:
    """Swap the land of neighbouring micro-grids in every hundredth grid: all its issues change hands."""
    with Session(engine) as session, session.begin():
        layer = lock_layer(session, session.scalars(select(Layer.id)).one())
        current = versions.read_current(session, layer.id)
        grids = [v.code for v in current if v.level == "grid"][:: round(1 / CHANGED)]
        chosen = set(grids)
        cells = [v for v in current if v.parent_code in chosen]
        edition = Edition(
            layer_id=layer.id, division_id=layer.city_id, name="bench", base_revision=layer.revision, source="demo"
        )
        session.add(edition)
        session.flush()
        new = [_with_land_of(cell, cells[at + 1 - 2 * (at % 2)]) for at, cell in enumerate(cells)]
        write_edition(session, edition, new, [cell.id for cell in cells])
        return len(grids), edition.id


def _with_land_of(cell: CurrentVersion, other: CurrentVersion) -> NewVersion:
    return NewVersion(
        code=cell.code,
        level=cell.level,
        is_leaf=True,
        division_id=cell.division_id,
        name=cell.name,
        kind=cell.kind,
        geom=other.geom,
        parent_code=cell.parent_code,
        households=other.households,
        people=other.people,
    )
