"""Accounts, grants and API keys: adding, changing, taking away. Every change is audited."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.models import Account, AccountGrant, ApiKey, Division
from geo.services import audit, passwords, tokens
from geo.services.access import SYSTEM, ForbiddenError, Permission, Principal, Role, merge

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,49}")
RESERVED = frozenset({SYSTEM.username})
LONGEST_KEY_LIFE = timedelta(days=366)


@dataclass(frozen=True)
class Caller:
    """Who acts, and from where."""

    principal: Principal
    address: str | None = None


def find_division(session: Session, code: str | None) -> Division | None:
    """Give the division of a code; ``None`` stands for everywhere."""
    if code is None:
        return None
    found = session.scalar(select(Division).where(Division.code == code))
    if found is None:
        raise NotFoundError(f"没有代码为 {code} 的行政区划。 No division has the code {code}.")
    return found


def add(
    session: Session,
    caller: Caller,
    username: str,
    display_name: str,
    password: str,
    *,
    division_code: str | None = None,
    source: str = "admin",
) -> Account:
    """Add an account that must change its password at the first sign-in; it can do nothing until granted a role.

    Only administrators over its division manage it. Without one it belongs where the caller administers: to everything,
    or to the one division.

    Raises
    ------
    ConflictError
        The name is malformed or taken, or the caller administers several divisions and named none.
    ForbiddenError
        The caller doesn't administer the division.
    WeakPasswordError
    """
    name = username.strip().lower()
    if not USERNAME.fullmatch(name):
        raise ConflictError(
            "账号名须为 2-50 位小写字母、数字、点、横线。 2-50 lower-case letters, digits, dots, dashes."
        )
    home = _home(session, caller, division_code)
    made = Account(
        username=name,
        display_name=display_name,
        division_id=home.id if home else None,
        password_hash=passwords.hash_password(password, name),
        source=source,
    )
    try:
        if name in RESERVED:
            raise ConflictError
        with session.begin_nested():
            session.add(made)
            session.flush()
    except (ConflictError, IntegrityError):  # also another division's, which the caller doesn't see
        raise ConflictError(f"账号名 {name} 已被使用。 The name {name} is taken.") from None
    after = {"username": name, "display_name": display_name, "division": home.code if home else None}
    _audit(session, caller, "account.add", "account", made.id, path=home.path if home else None, after=after)
    return made


def _home(session: Session, caller: Caller, code: str | None) -> Division | None:
    """Give the division that a new account belongs to; none where it belongs to everything."""
    if code is not None:
        found = find_division(session, code)
        caller.principal.require(Permission.MANAGE_ACCOUNTS, found.path if found else None)
        return found
    scope = caller.principal.scope(Permission.MANAGE_ACCOUNTS)
    if scope.everywhere:
        return None
    if len(scope.paths) != 1:
        raise ConflictError(
            "您管理多个行政区划，请选择账号所属的一个。 You administer several divisions: name the account's."
        )
    return session.scalars(select(Division).where(Division.path == scope.paths[0])).one()


def grant(session: Session, caller: Caller, username: str, role: Role, division_code: str | None) -> AccountGrant:
    """Grant a role in a division's subtree (``None``: everywhere); granting twice changes nothing."""
    account = find(session, caller, username)
    division = find_division(session, division_code)
    path = division.path if division else None
    caller.principal.require(Permission.MANAGE_ACCOUNTS, path)
    division_id = division.id if division else None
    known = session.scalar(
        select(AccountGrant).where(
            AccountGrant.account_id == account.id,
            AccountGrant.role == role,
            AccountGrant.division_id.is_not_distinct_from(division_id),
        )
    )
    if known is not None:
        return known
    made = AccountGrant(account_id=account.id, role=role, division_id=division_id)
    session.add(made)
    session.flush()
    _audit(
        session, caller, "grant.add", "account", account.id, path=path, after={"role": role, "division": division_code}
    )
    return made


def revoke_grant(session: Session, caller: Caller, grant_id: int) -> None:
    """Take a role away.

    Raises
    ------
    NotFoundError
        No such grant in the caller's divisions.
    ConflictError
        It is what the caller administers by: whoever takes a role away goes on being an administrator there, so that
        nobody shuts herself out, and no division is left without its last one.
    """
    _lock_administrators(session, caller)
    found = session.get(AccountGrant, grant_id)
    division = session.get(Division, found.division_id) if found is not None and found.division_id else None
    path = division.path if division else None
    if found is None or not caller.principal.scope(Permission.MANAGE_ACCOUNTS).covers(path):
        raise NotFoundError("没有这条授权。 No such grant.")
    if found.role == Role.ADMIN and found.account_id == caller.principal.account_id:
        own = _paths(session, found.account_id, role=Role.ADMIN, but=found.id)
        if not merge(own).covers(path):
            raise ConflictError(
                "不能撤销自己的管理员角色：请由另一位管理员操作，或先授予他人。"
                " You can't take away the role that you administer by: let another administrator do it."
            )
    session.delete(found)
    before = {"role": found.role, "division": division.code if division else None}
    _audit(session, caller, "grant.revoke", "account", found.account_id, path=path, before=before)


def set_password(session: Session, caller: Caller, account: Account, password: str, *, must_change: bool) -> None:
    """Set a password and sign the account out everywhere."""
    account.password_hash = passwords.hash_password(password, account.username)
    account.must_change_password = must_change
    tokens.revoke_all(session, account.id)
    session.flush()
    session.refresh(account)
    _audit(session, caller, "account.password", "account", account.id, path=home_path(session, account))


def disable(session: Session, caller: Caller, username: str, now: datetime) -> Account:
    """Disable an account at once, tokens included."""
    account = find(session, caller, username)
    if account.id == caller.principal.account_id:
        raise ConflictError("不能停用自己的账号。 You can't disable your own account.")
    _lock_administrators(session, caller)
    account.disabled_at = now
    tokens.revoke_all(session, account.id)
    _audit(session, caller, "account.disable", "account", account.id, path=home_path(session, account))
    return account


def enable(session: Session, caller: Caller, username: str) -> Account:
    """Enable a disabled account."""
    account = find(session, caller, username)
    account.disabled_at = None
    _audit(session, caller, "account.enable", "account", account.id, path=home_path(session, account))
    return account


def home_path(session: Session, account: Account) -> str | None:
    """Give the path of the division that an account belongs to; none where it belongs to everything."""
    return session.scalar(select(Division.path).where(Division.id == account.division_id))


def home_path_of(session: Session, username: str) -> str | None:
    """Give the path of the division that an account belongs to by its name, known or not."""
    home = select(Division.path).join(Account, Account.division_id == Division.id)
    return session.scalar(home.where(Account.username == username.strip().lower()))


def find(session: Session, caller: Caller, username: str) -> Account:
    """Give an account that the caller manages: its division and all of its grants lie in the caller's scope.

    Raises
    ------
    NotFoundError
        Also where the account exists but is another division's.
    """
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    scope = caller.principal.scope(Permission.MANAGE_ACCOUNTS)
    if account is None or not all(
        scope.covers(path) for path in [home_path(session, account), *_paths(session, account.id)]
    ):
        raise NotFoundError(f"没有账号 {username}。 No account {username}.")
    return account


def list_accounts(session: Session, caller: Caller, *, username: str | None = None) -> Sequence[RowMapping]:
    """Give the accounts that the caller manages (see `find`), with their grants, by name: one statement."""
    scope = caller.principal.scope(Permission.MANAGE_ACCOUNTS).parameter()
    rows = session.execute(
        text(
            """
            select a.username, a.display_name, a.disabled_at, a.must_change_password, a.source,
                   home.code as division_code, home.name as division_name,
                   coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'role', g.role, 'division_code', d.code,
                                                         'division_name', d.name) order by d.path, g.role)
                            filter (where g.id is not null), '[]') as grants
            from account a
            left join account_grant g on g.account_id = a.id
            left join division d on d.id = g.division_id
            left join division home on home.id = a.division_id
            where (cast(:username as text) is null or a.username = :username)
              and (:scope = '*' or home.path <@ any(string_to_array(:scope, ',')::ltree[]))
            group by a.id, home.id
            having :scope = '*' or coalesce(
                bool_and(coalesce(d.path <@ any(string_to_array(:scope, ',')::ltree[]), false))
                    filter (where g.id is not null),
                true
            )
            order by a.username
            """
        ),
        {"scope": scope, "username": username},
    )
    return rows.mappings().all()


def new_key(
    session: Session,
    caller: Caller,
    name: str,
    role: Role,
    division_code: str | None,
    expires_at: datetime,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make an API key for a system; the key itself is given once and never stored."""
    if role is Role.ADMIN:
        raise ForbiddenError("API 密钥不能授予管理员角色。 A key can't be an administrator.")
    if not now < expires_at <= now + LONGEST_KEY_LIFE:
        raise ConflictError("有效期须在一年以内。 A key expires within a year.")
    division = find_division(session, division_code)
    path = division.path if division else None
    caller.principal.require(Permission.MANAGE_ACCOUNTS, path)
    key = f"wg_{secrets.token_urlsafe(32)}"
    made = ApiKey(
        name=name,
        key_hash=tokens.digest(key),
        role=role,
        division_id=division.id if division else None,
        expires_at=expires_at,
    )
    session.add(made)
    session.flush()
    after = {"key_name": name, "role": role, "division": division_code, "expires_at": expires_at.isoformat()}
    _audit(session, caller, "key.add", "api_key", made.id, path=path, after=after)
    return made, key


def list_keys(session: Session, caller: Caller) -> Sequence[RowMapping]:
    """Give the keys of the caller's scope, newest first."""
    scope = caller.principal.scope(Permission.MANAGE_ACCOUNTS).parameter()
    rows = session.execute(
        text(
            """
            select k.id, k.name, k.role, d.code as division_code, d.name as division_name,
                   k.created_at, k.expires_at, k.revoked_at
            from api_key k left join division d on d.id = k.division_id
            where :scope = '*' or d.path <@ any(string_to_array(:scope, ',')::ltree[])
            order by k.id desc
            """
        ),
        {"scope": scope},
    )
    return rows.mappings().all()


def revoke_key(session: Session, caller: Caller, key_id: int, now: datetime) -> None:
    """Revoke an API key at once."""
    found = session.get(ApiKey, key_id)
    division = session.get(Division, found.division_id) if found is not None and found.division_id else None
    path = division.path if division else None
    if found is None or not caller.principal.scope(Permission.MANAGE_ACCOUNTS).covers(path):
        raise NotFoundError("没有这个密钥。 No such key.")
    found.revoked_at = found.revoked_at or now
    _audit(session, caller, "key.revoke", "api_key", found.id, path=path)


def _paths(
    session: Session, account_id: int, *, role: Role | None = None, but: int | None = None
) -> Sequence[str | None]:
    statement = (
        select(Division.path)
        .select_from(AccountGrant)
        .outerjoin(Division, Division.id == AccountGrant.division_id)
        .where(AccountGrant.account_id == account_id, AccountGrant.id.is_distinct_from(but))
    )
    return session.scalars(statement if role is None else statement.where(AccountGrant.role == role)).all()


def _lock_administrators(session: Session, caller: Caller) -> None:
    """Let two who take each other's place away come one after the other: the second is no administrator any more.

    Raises
    ------
    ForbiddenError
    """
    me = caller.principal.account_id
    if me is None:
        return  # the operator at the console, who can always make another one
    session.execute(text("select pg_advisory_xact_lock(hashtext('wangge.administrators'))"))
    enabled = session.scalar(select(Account.id).where(Account.id == me, Account.disabled_at.is_(None)))
    administers = merge(_paths(session, me, role=Role.ADMIN))
    if enabled is None or not all(
        administers.covers(path) for path in caller.principal.scope(Permission.MANAGE_ACCOUNTS).paths or (None,)
    ):
        raise ForbiddenError("您已不是管理员。 You are no administrator any more.")


def _audit(
    session: Session,
    caller: Caller,
    action: str,
    kind: str,
    object_id: object,
    *,
    path: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        caller.principal,
        action,
        kind,
        object_id,
        address=caller.address,
        division_path=path,
        before=before,
        after=after,
    )
