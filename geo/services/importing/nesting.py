"""Work out where each row of a file of divisions belongs: its level and its parent, whatever the order of the rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

LEVELS = ("city", "district", "street", "community")
LEVEL_OF_LENGTH = {4: "city", 6: "district", 9: "street", 12: "community"}
"""Official codes: 4 city, 6 district or county, 9 street or town, 12 community or village; 2 is a province."""
_CHINESE = {"city": "市", "district": "区县", "street": "街道/乡镇", "community": "社区/村"}
_PROVINCE = 2
_PROVINCE_TO_COMMUNITY = 5
_ABOVE = {4: 2, 6: 4, 9: 6, 12: 9}


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the file says about its place in the tree; codes are official ones."""

    code: str
    parent: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A level, and the parent's code; None for the root of a tree."""

    level: str
    parent: str | None


@dataclass(slots=True)
class Nesting:
    """The outcome: places by code, and for each row that has none the reason and what to do."""

    places: dict[str, Place] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)
    """Known divisions without the parent their code tells, which stay where they are."""


def official_code(code: str) -> str:
    """Give the short form of an official code: 4503 of 450300 or 450300000000, 450305 of 450305000000."""
    if not code.isdigit() or len(code) not in (6, 9, 12):
        return code
    for length, zeros in ((12, "000"), (9, "000"), (6, "00"), (4, "00")):
        if len(code) == length and code.endswith(zeros):
            code = code[: _ABOVE[length]]
    return code


def level_of_code(code: str) -> str | None:
    """Give the level that an official code's length tells; None for any other code."""
    return LEVEL_OF_LENGTH.get(len(code)) if code.isdigit() else None


def parent_of_code(code: str) -> str | None:
    """Give the official code above a district's, street's or community's; None for any other.

    Above the streets of a city without districts (441900003) stands the city itself (4419).
    """
    level = level_of_code(code)
    return None if level in (None, "city") else official_code(code[: _ABOVE[len(code)]])


def is_nearer(parent: str, present: str | None) -> bool:
    """Tell whether the parent that a code tells is nearer than the present one: a gap in the tree was filled."""
    return present is None or (present != parent and present.isdigit() and parent.startswith(present))


def nest(
    rows: Sequence[Row], known: Mapping[str, Place], *, under: str | None = None, bad: Collection[str] = ()
) -> Nesting:
    """Give every row its place among the file's rows and the known divisions.

    Parameters
    ----------
    rows
        Each code once.
    known
        The divisions there are.
    under
        Code of the known division that a row belongs to which tells no other parent.
    bad
        Codes of the file that were refused already: so are their children.
    """
    found = Nesting(refused=dict.fromkeys(bad, ("", "")))
    waiting = {row.code: row for row in rows}
    for _ in range(_PROVINCE_TO_COMMUNITY):  # a parent is placed one turn before its children
        turn = [
            (row, parent)
            for row in waiting.values()
            if (parent := _parent(row, waiting, found, known, under)) is None or parent not in waiting
        ]
        for row, _ in turn:
            del waiting[row.code]
        for row, parent in turn:
            _settle(row, parent, found, known)
    for row in waiting.values():
        found.refused[row.code] = (
            "circle",
            f"上级 {row.parent} 与它互为上级，或层级超过四级。 Parents in a circle, or more than four levels.",
        )
    found.refused = {code: why for code, why in found.refused.items() if code not in bad}
    return found


def _parent(
    row: Row, waiting: Mapping[str, Row], found: Nesting, known: Mapping[str, Place], under: str | None
) -> str | None:
    """Give the parent's code: the one the row names, the one its code tells, the one the user named."""
    told = parent_of_code(row.code)
    there = [
        code
        for code in (row.parent, told)
        if code not in (None, row.code) and (code in waiting or code in found.places or code in known)
    ]
    now = known.get(row.code)
    if now is not None and (not there or (there[0] != row.parent and not is_nearer(there[0] or "", now.parent))):
        return now.parent
    if there:
        return there[0]
    is_below = level_of_code(row.code) != "city" and row.code != under
    return under if now is None and is_below else None


def _settle(row: Row, parent: str | None, found: Nesting, known: Mapping[str, Place]) -> None:
    now, told = known.get(row.code), parent_of_code(row.code)
    above = found.places.get(parent or "") or known.get(parent or "")
    if now is not None and parent is None and now.parent is None:
        if told is not None:
            found.orphans.append(row.code)
        found.places[row.code] = now
        return
    if above is None:
        refusal = _refusal(row, told, found.refused)
        if refusal is not None:
            found.refused[row.code] = refusal
        else:
            found.places[row.code] = Place("city", None)
        return
    level = level_of_code(row.code) or row.level or (now.level if now else _below(above.level))
    if level is None or LEVELS.index(level) <= LEVELS.index(above.level):
        found.refused[row.code] = (
            "wrong_level",
            f"上级 {parent} 是{_CHINESE[above.level]}，不能再辖{_CHINESE[level or 'community']}；请改正上级或级别。"
            " Its parent is not of a higher level.",
        )
        return
    found.places[row.code] = Place(level, parent)


def _refusal(row: Row, told: str | None, refused: Collection[str]) -> tuple[str, str] | None:
    """Give why a row without a parent can't be loaded; None if it may be the root of a tree."""
    if row.code.isdigit() and len(row.code) == _PROVINCE:
        return (
            "province",
            "这是省级，区划树从市开始；请删去这一行，或加 --skip-bad 跳过。 Provinces are not kept: leave the row out.",
        )
    missing = row.parent if row.parent not in (None, row.code) else told
    if missing is not None and level_of_code(row.code) != "city":
        if missing in refused:
            return "no_parent", f"它的上级 {missing} 那一行被拒绝了；先改正上级。 The row of its parent was refused."
        upper = _CHINESE.get(level_of_code(missing) or "", "")
        return (
            "no_parent",
            f"上级{upper} {missing} 不在文件里，也不在数据库里；请先导入{upper or '上级'} {missing}，或把它加进同一个"
            f"文件，或加 --division {told or missing} --create-division 名称 当场新建。"
            f" Import its parent {missing} first.",
        )
    if row.level not in (None, "city") and level_of_code(row.code) is None:
        return (
            "no_parent",
            f"级别是{_CHINESE[row.level or '']}，却没有上级；请用 --parent 指明上级编码列，或用 --division 编码。"
            " It needs a parent.",
        )
    return None


def _below(level: str) -> str | None:
    at = LEVELS.index(level) + 1
    return LEVELS[at] if at < len(LEVELS) else None
