"""Writing and searching the audit log.

A session knows on whose behalf it works (`act_as`), so that a service which is asked to change something can leave the
name without being told it (`note`).
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, text
from sqlalchemy.orm import Session

from geo.models import AuditEntry
from geo.services.access import SYSTEM, Principal, Scope

CALLER, SETTLED = "caller", "audit_settled"
PERSONAL = frozenset({"name", "contact", "phone", "raw_lon", "raw_lat", "display_name", "username"})


def record(
    session: Session,
    principal: Principal,
    action: str,
    kind: str,
    object_id: object,
    *,
    address: str | None = None,
    division_path: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry; personal fields of ``before`` and ``after`` are replaced by a hash."""
    # Without "returning": that would have to see the entry, and not everybody who leaves one may read it.
    entry = insert(AuditEntry.__table__).inline()  # type: ignore[arg-type]  # a mapped table is a Table
    session.execute(
        entry,
        {
            "account_id": principal.account_id,
            "api_key_id": principal.api_key_id,
            "who": principal.who,
            "address": address,
            "action": action,
            "object_kind": kind,
            "object_id": str(object_id),
            "division_path": division_path,
            "before": mask(before),
            "after": mask(after),
        },
    )
    session.info[SETTLED] = True


def act_as(session: Session, principal: Principal, address: str | None = None) -> None:
    """Let a session know on whose behalf it works, and from where."""
    session.info |= info(principal, address)


def info(principal: Principal, address: str | None = None) -> dict[Any, Any]:
    """Give the ``info`` of sessions that work on somebody's behalf."""
    return {CALLER: (principal, address)}


def acting(session: Session) -> tuple[Principal, str | None]:
    """Give on whose behalf a session works and from where; the software itself where nobody was named."""
    found: tuple[Principal, str | None] = session.info.get(CALLER, (SYSTEM, None))
    return found


def note(
    session: Session,
    action: str,
    kind: str,
    object_id: object,
    *,
    division_path: str | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the name of the session's caller."""
    principal, address = acting(session)
    record(
        session,
        principal,
        action,
        kind,
        object_id,
        address=address,
        division_path=division_path,
        before=before,
        after=after,
    )


def note_change(
    session: Session,
    action: str,
    kind: str,
    object_id: object,
    *,
    division_path: str | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Add an entry of what differs, in the name of the session's caller; none where nothing does."""
    changed = [key for key in after if before[key] != after[key]]
    if not changed:
        session.info[SETTLED] = True
        return
    note(
        session,
        action,
        kind,
        object_id,
        division_path=division_path,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )


def is_settled(session: Session) -> bool:
    """Tell whether what the session did is on record, or known to have changed nothing."""
    return bool(session.info.get(SETTLED))


def has_changed(session: Session) -> bool:
    """Tell whether the session's transaction may have written: PostgreSQL has given it a number, for a lock too."""
    session.flush()
    return bool(session.scalar(text("select pg_current_xact_id_if_assigned() is not null")))


def mask(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Give the values with personal ones hashed: equal values stay recognisably equal."""
    if values is None:
        return None
    return {k: fingerprint(v) if k in PERSONAL and v is not None else v for k, v in values.items()}


def fingerprint(value: object) -> str:
    """Give a short hash of a personal value, keyed so that tables of names made elsewhere don't match it."""
    return "#" + hmac.new(b"wangge audit", str(value).encode(), hashlib.sha256).hexdigest()[:16]


def search(
    session: Session,
    scope: Scope,
    *,
    account: str | None = None,
    action: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> Sequence[RowMapping]:
    """Give entries of the scope, newest first; entries without a division are for a scope of everything."""
    rows = session.execute(
        text(
            """
            select e.id, e.at, e.who, e.address, e.action, e.object_kind, e.object_id,
                   e.before, e.after, d.name as division
            from audit_entry e
            left join division d on d.path = e.division_path
            where (:scope = '*' or e.division_path <@ any(string_to_array(:scope, ',')::ltree[]))
              and (cast(:account as text) is null or e.who = :account)
              and (cast(:action as text) is null or e.action = :action)
              and (cast(:kind as text) is null or e.object_kind = :kind)
              and (cast(:since as timestamptz) is null or e.at >= :since)
              and (cast(:until as timestamptz) is null or e.at < :until)
              and (cast(:before_id as bigint) is null or e.id < :before_id)
            order by e.id desc limit :limit
            """
        ),
        {
            "scope": scope.parameter(),
            "account": account,
            "action": action,
            "kind": kind,
            "since": since,
            "until": until,
            "before_id": before_id,
            "limit": limit,
        },
    )
    return rows.mappings().all()
