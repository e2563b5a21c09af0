"""Writing and searching the audit log."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from geo.models import AuditEntry
from geo.services.access import Principal, Scope

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
    session.add(
        AuditEntry(
            account_id=principal.account_id,
            api_key_id=principal.api_key_id,
            address=address,
            action=action,
            object_kind=kind,
            object_id=str(object_id),
            division_path=division_path,
            before=mask(before),
            after=mask(after),
        )
    )
    session.flush()


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
            select e.id, e.at, coalesce(a.username, k.name) as who, e.address, e.action, e.object_kind, e.object_id,
                   e.before, e.after, d.name as division
            from audit_entry e
            left join account a on a.id = e.account_id
            left join api_key k on k.id = e.api_key_id
            left join division d on d.path = e.division_path
            where (:scope = '*' or e.division_path <@ any(string_to_array(:scope, ',')::ltree[]))
              and (cast(:account as text) is null or a.username = :account)
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
