"""`wangge draft open|draw|split|apply|undo|publish|discard|list|show`: planning without the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from geo.services.draft_operations import Operation

draft = typer.Typer(help="版次草稿：划分、发布网格。 Draft and publish borders.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="DRAFT", help="草稿编号，见 wangge draft list。 Number of the draft")]
Positions = Annotated[str, typer.Option(help='经度,纬度 以空格分隔："110.28,25.27 110.29,25.28"。 lon,lat pairs')]
Keys = Annotated[list[str] | None, typer.Option("--key", help="网格编码，可重复。 Code of a grid; may be repeated")]
Name = Annotated[str | None, typer.Option(help="名称 Name")]


@contextmanager
def _transactions() -> "Iterator[sessionmaker[Session]]":
    from sqlalchemy.orm import sessionmaker

    from api.cli.console import console_caller
    from api.database import open_database
    from api.settings import read_settings
    from geo.db.engine import make_engine
    from geo.services import audit

    caller = console_caller()
    with open_database(read_settings()) as url:
        engine = make_engine(url, pooled=False)
        yield sessionmaker(engine, info=audit.info(caller.principal, caller.address))
        engine.dispose()


@draft.command("open")
def open_draft(
    layer: Annotated[str, typer.Argument(help="网格体系代码，如 party。 Code of the layer")],
    division: Annotated[str, typer.Argument(help="行政区划代码。 Code of the division")],
    name: Name = None,
) -> None:
    """新建草稿，并打印其编号。 Open a draft and print its number."""
    from geo.services import drafts

    with _transactions() as transactions, transactions.begin() as session:
        typer.echo(drafts.open_draft(session, layer, division, name=name, source="console").id)


@draft.command()
def draw(
    number: Number,
    outline: Positions,
    name: Annotated[str, typer.Option(help="名称 Name")],
    division: Annotated[str | None, typer.Option(help="所属行政区划代码。 Code of its division")] = None,
) -> None:
    """在未划分的土地上画网格。 Draw a grid in undrawn land."""
    _apply(number, {"kind": "draw", "outline": _positions(outline), "name": name, "division": division})


@draft.command()
def split(
    number: Number,
    line: Positions,
    key: Keys = None,
    micro_grids: Annotated[bool, typer.Option("--micro-grids", help="划成微网格。 Into micro-grids")] = False,
) -> None:
    """用一条线切分网格。 Cut grids by a line."""
    into = "micro_grids" if micro_grids else "grids"
    _apply(number, {"kind": "split", "line": _positions(line), "keys": key or None, "into": into})


@draft.command()
def apply(
    number: Number,
    operation: Annotated[str, typer.Argument(help='JSON，同接口：{"kind": "merge", "keys": ["A", "B"]}。 As by API')],
) -> None:
    """执行任一操作。 Apply any operation of the API."""
    import json

    try:
        body = json.loads(operation)
    except ValueError as error:
        raise typer.BadParameter(f"{operation!r}: {error}") from None
    _apply(number, body)


@draft.command()
def undo(number: Number) -> None:
    """撤销上一步。 Take the last step back."""
    from geo.services import drafting

    with _transactions() as transactions, transactions.begin() as session:
        _show(drafting.undo(session, number, expected=None).changed)


@draft.command()
def check(number: Number) -> None:
    """检查草稿：规模、空隙、重叠、无人负责等。 List what the checks find in a draft."""
    from geo.services import drafts
    from geo.services.checks.run import check as run_checks

    with _transactions() as transactions, transactions.begin() as session:
        for finding in run_checks(session, drafts.find_edition(session, number)):
            state = f"已放行 waived: {finding.waiver.reason}" if finding.waiver else finding.severity
            typer.echo(f"{finding.key}  {state}  {finding.zh}  {finding.en}")


@draft.command()
def publish(
    number: Number,
    accept: Annotated[
        list[str] | None, typer.Option(help="确认的警告，可重复：编号或规则名。 Key or rule of an accepted warning")
    ] = None,
) -> None:
    """发布草稿，并重新归属未办结事件。 Publish a draft and place open issues anew."""
    from api.settings import read_settings
    from geo.services import publishing, replacement

    settings = read_settings()
    with _transactions() as transactions:
        with transactions.begin() as session:
            done = publishing.publish(session, number, expected=None, accept=accept or ())
            revision, opened, closed = done.edition.revision, done.opened, done.closed
        typer.echo(f"版次 {number} 已发布，修订号 {revision}。 Published as revision {revision}.")
        typer.echo(f"新边界 opened: {' '.join(opened)}\n原边界 closed: {' '.join(closed)}")
        swept = replacement.sweep_all(transactions.begin, number, rules=settings.placing)
    typer.echo(f"重新归属 {swept.placed} 件，其中 {swept.moved} 件换了责任方。 {swept.moved} issues changed hands.")


@draft.command()
def rebase(
    number: Number,
    drop: Annotated[bool, typer.Option("--drop", help="略去已不适用的步骤。 Leave out what doesn't apply")] = False,
) -> None:
    """在最新边界上重做草稿的步骤。 Repeat a draft's steps on today's borders."""
    from geo.services import rebasing

    with _transactions() as transactions, transactions.begin() as session:
        done = rebasing.rebase(session, number, drop_failing=drop, expected=None)
        typer.echo(f"{done.applied} 步已重做。 {done.applied} steps repeated.")
        for step in done.dropped:
            typer.echo(f"略去 dropped: {step.number} {step.kind}: {step.reason}")


@draft.command("roll-back")
def roll_back(
    edition: Annotated[int, typer.Argument(metavar="EDITION", help="版次编号。 Number of an edition")],
) -> None:
    """新建草稿，恢复到某版次的边界，并打印其编号。 Open a draft of an earlier edition's borders."""
    from geo.services import returning

    with _transactions() as transactions, transactions.begin() as session:
        typer.echo(returning.return_to(session, edition).id)


@draft.command()
def discard(number: Number) -> None:
    """放弃草稿。 Throw a draft away."""
    from geo.services import drafts

    with _transactions() as transactions, transactions.begin() as session:
        drafts.discard(session, number)
    typer.echo(f"草稿 {number} 已放弃。 Discarded.")


@draft.command("list")
def list_editions(
    status: Annotated[str | None, typer.Option(help="draft, published, discarded")] = None,
) -> None:
    """列出版次。 List editions, newest first."""
    from geo.services import drafts

    with _transactions() as transactions, transactions.begin() as session:
        for row in drafts.list_editions(session, status=status):
            at = row["published_at"] or row["created_at"]
            typer.echo(
                f"{row['id']}  {row['status']}  {row['layer']}  {row['division']} {row['division_name']}"
                f"  {row['name']}  {at:%Y-%m-%d %H:%M}"
            )


@draft.command()
def show(number: Number) -> None:
    """以 GeoJSON 打印草稿。 Print a draft's units as GeoJSON."""
    from api.schemas.drafts import UnitCollection, feature
    from geo.queries import drafts as queries
    from geo.services import drafts

    with _transactions() as transactions, transactions.begin() as session:
        edition = drafts.find_edition(session, number)
        features = [feature(unit) for unit in queries.units(session, edition).values()]
        typer.echo(UnitCollection(draft_revision=edition.draft_revision, features=features).model_dump_json())


def _apply(number: int, body: Any) -> None:
    from pydantic import TypeAdapter, ValidationError

    from api.malformed import sentence
    from api.schemas.drafts import OperationIn
    from geo.services import drafting

    adapter: TypeAdapter[Operation] = TypeAdapter(OperationIn)
    try:
        operation = adapter.validate_python(body)
    except ValidationError as error:
        raise typer.BadParameter(sentence(error.errors())) from None
    with _transactions() as transactions, transactions.begin() as session:
        _show(drafting.apply(session, number, operation, expected=None).changed)


def _show(changed: dict[str, Any]) -> None:
    for key, unit in sorted(changed.items()):
        typer.echo(f"{key}  {'已删除 gone' if unit is None else unit.name}")


def _positions(text: str) -> list[list[float]]:
    try:
        pairs = [[float(number) for number in pair.split(",")] for pair in text.split()]
    except ValueError:
        pairs = [[]]
    if any(len(pair) != 2 for pair in pairs):
        raise typer.BadParameter(f'{text!r}: 请写 "经度,纬度 经度,纬度"。 Write "lon,lat lon,lat".')
    return pairs
