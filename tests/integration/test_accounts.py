"""Accounts, grants, keys, signing in and tokens, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.models import Account, AuditEntry, RefreshToken, SignInFailure
from geo.services import accounts, audit, principals, tokens
from geo.services.access import SYSTEM, ForbiddenError, Grant, Permission, Principal, Role, Scope
from geo.services.accounts import Caller
from geo.services.passwords import WeakPasswordError
from geo.services.sign_in import SignInRefusedError, TooManyTriesError, check_own_password, sign_in
from tests.builders import add_division

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PASSWORD = "lijiang-1372-deng"
KEY = "a test key that is long enough for HS256"
ROOT = Caller(SYSTEM, "10.0.0.1")


@pytest.fixture
def account(session: Session) -> Account:
    return accounts.add(session, ROOT, "wei.lan", "韦兰", PASSWORD)


def test_right_password_signs_in_whatever_the_case_of_the_name(session: Session, account: Account) -> None:
    assert sign_in(session, " Wei.Lan ", PASSWORD, "10.1.1.1", NOW) is account


def test_wrong_unknown_and_disabled_answer_alike(session: Session, account: Account) -> None:
    answers = set()
    for name, password in [("wei.lan", "wrong password"), ("nobody", PASSWORD), ("", "")]:
        with pytest.raises(SignInRefusedError) as refused:
            sign_in(session, name, password, "10.1.1.1", NOW)
        answers.add(str(refused.value))
    accounts.disable(session, ROOT, "wei.lan", NOW)
    with pytest.raises(SignInRefusedError) as refused:
        sign_in(session, "wei.lan", PASSWORD, "10.1.1.1", NOW)
    assert answers == {str(refused.value)}


def test_the_old_password_is_guessed_no_faster_than_at_the_door(session: Session, account: Account) -> None:
    for _ in range(3):
        with pytest.raises(SignInRefusedError):
            check_own_password(session, account, "wrong", "10.6.6.6", NOW)
    for _ in range(2):
        with pytest.raises(SignInRefusedError):
            sign_in(session, "wei.lan", "wrong", "10.6.6.6", NOW)
    with pytest.raises(TooManyTriesError) as early:  # counted together
        check_own_password(session, account, PASSWORD, "10.6.6.6", NOW)
    assert early.value.retry_after_s == 2
    check_own_password(session, account, PASSWORD, "10.1.1.1", NOW)  # the owner elsewhere isn't locked out
    check_own_password(session, account, PASSWORD, "10.6.6.6", NOW + timedelta(seconds=2))
    assert session.scalars(select(SignInFailure)).all() == []  # right ones clear the count


def test_failures_wait_longer_but_lock_nobody_else_out(session: Session, account: Account) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefusedError):
            sign_in(session, "wei.lan", "wrong", "10.6.6.6", NOW)
    with pytest.raises(TooManyTriesError) as early:
        sign_in(session, "wei.lan", PASSWORD, "10.6.6.6", NOW)
    assert early.value.retry_after_s == 2
    assert sign_in(session, "wei.lan", PASSWORD, "10.1.1.1", NOW) is account
    assert sign_in(session, "wei.lan", PASSWORD, "10.6.6.6", NOW + timedelta(seconds=2)) is account
    with pytest.raises(SignInRefusedError):  # a success clears the count
        sign_in(session, "wei.lan", "wrong", "10.6.6.6", NOW + timedelta(seconds=3))


@pytest.mark.parametrize("password", ["short1", "aaaaaaaaaaaaa", "1234567890", "my wei.lan pass", "x" * 201])
def test_weak_passwords_are_refused(session: Session, account: Account, password: str) -> None:
    with pytest.raises(WeakPasswordError):
        accounts.set_password(session, ROOT, account, password, must_change=False)


def test_refresh_rotates_and_reuse_revokes_the_family(session: Session, account: Account) -> None:
    first = tokens.issue(session, account, KEY, NOW)
    _, second = tokens.rotate(session, first.refresh, KEY, NOW + timedelta(minutes=5))
    with pytest.raises(tokens.InvalidTokenError):  # a thief, or the owner after a thief
        tokens.rotate(session, first.refresh, KEY, NOW + timedelta(minutes=6))
    with pytest.raises(tokens.InvalidTokenError):
        tokens.rotate(session, second.refresh, KEY, NOW + timedelta(minutes=7))


def test_refresh_expires(session: Session, account: Account) -> None:
    pair = tokens.issue(session, account, KEY, NOW)
    with pytest.raises(tokens.InvalidTokenError):
        tokens.rotate(session, pair.refresh, KEY, NOW + tokens.REFRESH_LIFE)


def test_another_key_signs_everybody_out(session: Session, account: Account) -> None:
    pair = tokens.issue(session, account, KEY, NOW)
    with pytest.raises(tokens.InvalidTokenError):
        tokens.rotate(session, pair.refresh, KEY[::-1], NOW)
    tokens.rotate(session, pair.refresh, KEY, NOW)


def test_access_token_is_bound_to_key_time_and_epoch(session: Session, account: Account) -> None:
    now = datetime.now(UTC)
    pair = tokens.issue(session, account, KEY, now)
    account_id, epoch = tokens.decode_access(pair.access, KEY)
    assert principals.of_account(session, account_id, epoch).username == "wei.lan"
    with pytest.raises(tokens.InvalidTokenError):
        tokens.decode_access(pair.access, KEY[::-1])
    with pytest.raises(tokens.InvalidTokenError):
        tokens.decode_access(tokens.encode_access(account, KEY, now - tokens.ACCESS_LIFE), KEY)
    with pytest.raises(tokens.InvalidTokenError):  # the unsigned form of a token
        tokens.decode_access("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiZXBvY2giOjAsImV4cCI6OTk5OTk5OTk5OX0.", KEY)
    tokens.revoke_all(session, account.id)
    with pytest.raises(tokens.InvalidTokenError):
        principals.of_account(session, account_id, epoch)
    assert session.scalar(select(func.count()).select_from(RefreshToken)) == 0


def test_grants_hold_in_the_subtree(session: Session, account: Account) -> None:
    city = add_division(session, code="4503")
    district = add_division(session, level="district", code="450302", parent=city)
    accounts.grant(session, ROOT, "wei.lan", Role.DISPATCHER, "450302")
    accounts.grant(session, ROOT, "wei.lan", Role.DISPATCHER, "450302")
    principal = principals.of_account(session, account.id, 0)
    assert principal.grants == (Grant(Role.DISPATCHER, district.path, "450302", district.name),)


def local_admin(path: str) -> Caller:
    return Caller(Principal(account_id=None, grants=(Grant(Role.ADMIN, path),)))


def test_a_districts_administrator_manages_her_own_only(session: Session) -> None:
    city = add_division(session, code="4503")
    mine = add_division(session, level="district", code="450302", parent=city)
    add_division(session, level="district", code="450303", parent=city)
    admin = local_admin(mine.path)
    accounts.add(session, admin, "wei.lan", "韦兰", PASSWORD)
    accounts.grant(session, admin, "wei.lan", Role.PLANNER, "450302")
    with pytest.raises(ForbiddenError):
        accounts.grant(session, admin, "wei.lan", Role.PLANNER, "450303")
    with pytest.raises(ForbiddenError):
        accounts.grant(session, admin, "wei.lan", Role.ADMIN, None)
    given = accounts.grant(session, ROOT, "wei.lan", Role.MANAGER, "450303")
    with pytest.raises(NotFoundError):  # now partly another's: could otherwise be taken over by a new password
        accounts.find(session, admin, "wei.lan")
    with pytest.raises(NotFoundError):
        accounts.revoke_grant(session, admin, given.id)
    assert accounts.list_accounts(session, admin) == []
    assert [a.username for a in accounts.list_accounts(session, ROOT)] == ["wei.lan"]


def test_an_account_with_a_grant_everywhere_is_hidden_from_local_administrators(
    session: Session, account: Account
) -> None:
    city = add_division(session, code="4503")
    accounts.add(session, ROOT, "li.jiang", "李江", PASSWORD, division_code="4503")
    accounts.grant(session, ROOT, "li.jiang", Role.PLANNER, "4503")
    assert [a.username for a in accounts.list_accounts(session, local_admin(city.path))] == ["li.jiang"]
    accounts.grant(session, ROOT, "li.jiang", Role.ADMIN, None)
    assert accounts.list_accounts(session, local_admin(city.path)) == []


def test_an_account_without_grants_is_managed_where_it_belongs(session: Session, account: Account) -> None:
    city = add_division(session, code="4503")
    west, east = (add_division(session, level="district", code=code, parent=city) for code in ("450302", "450303"))
    made = accounts.add(session, local_admin(west.path), "li.jiang", "李江", PASSWORD)
    assert made.division_id == west.id  # where its maker administers, without being told
    for place, seen in [(west, ["li.jiang"]), (city, ["li.jiang"]), (east, [])]:
        assert [a.username for a in accounts.list_accounts(session, local_admin(place.path))] == seen
    for name in ("li.jiang", "wei.lan"):  # hers, and one of those who administer everything
        with pytest.raises(NotFoundError):
            accounts.find(session, local_admin(east.path), name)
    with pytest.raises(ForbiddenError):
        accounts.add(session, local_admin(west.path), "qin.gui", "秦桂", PASSWORD, division_code="450303")
    both = Caller(Principal(account_id=None, grants=tuple(Grant(Role.ADMIN, d.path) for d in (west, east))))
    with pytest.raises(ConflictError, match="several divisions"):
        accounts.add(session, both, "qin.gui", "秦桂", PASSWORD)
    assert accounts.add(session, both, "qin.gui", "秦桂", PASSWORD, division_code="450303").division_id == east.id


def signed_in(session: Session, account: Account) -> Caller:
    return Caller(principals.of_account(session, account.id, account.token_epoch), "10.0.0.2")


def test_nobody_takes_away_the_role_she_administers_by(session: Session, account: Account) -> None:
    city = add_division(session, code="4503")
    district = add_division(session, level="district", code="450302", parent=city)
    whole = accounts.grant(session, ROOT, "wei.lan", Role.ADMIN, "4503")
    part = accounts.grant(session, ROOT, "wei.lan", Role.ADMIN, "450302")
    planner = accounts.grant(session, ROOT, "wei.lan", Role.PLANNER, "450302")
    with pytest.raises(ConflictError, match="another administrator"):
        accounts.revoke_grant(session, signed_in(session, account), whole.id)
    accounts.revoke_grant(session, signed_in(session, account), part.id)  # the city's covers the district too
    accounts.revoke_grant(session, signed_in(session, account), planner.id)
    assert [g.path for g in signed_in(session, account).principal.grants] == [city.path]
    other = accounts.add(session, ROOT, "li.jiang", "李江", PASSWORD)
    accounts.grant(session, ROOT, "li.jiang", Role.ADMIN, "4503")
    accounts.revoke_grant(session, signed_in(session, other), whole.id)  # by another one
    assert district.path not in [g.path for g in signed_in(session, account).principal.grants]


def test_of_two_administrators_who_take_each_others_place_away_one_stays(session: Session, account: Account) -> None:
    city = add_division(session, code="4503")
    other = accounts.add(session, ROOT, "li.jiang", "李江", PASSWORD, division_code="4503")
    account.division_id = city.id
    hers = accounts.grant(session, ROOT, "wei.lan", Role.ADMIN, "4503")
    his = accounts.grant(session, ROOT, "li.jiang", Role.ADMIN, "4503")
    she, he = signed_in(session, account), signed_in(session, other)  # both asked before either was done
    accounts.revoke_grant(session, she, his.id)
    with pytest.raises(ForbiddenError, match="no administrator any more"):
        accounts.revoke_grant(session, he, hers.id)
    with pytest.raises(ForbiddenError, match="no administrator any more"):
        accounts.disable(session, he, "wei.lan", NOW)


def test_nobody_disables_himself(session: Session, account: Account) -> None:
    with pytest.raises(ConflictError):
        accounts.disable(session, Caller(Principal(account.id, grants=(Grant(Role.ADMIN, None),))), "wei.lan", NOW)


def test_names_are_unique_and_plain(session: Session, account: Account) -> None:
    for name in ["WEI.LAN", "<img>", "", "a", "韦兰"]:
        with pytest.raises(ConflictError):
            accounts.add(session, ROOT, name, "x", PASSWORD)


def test_key_is_scoped_expires_and_can_be_revoked(session: Session) -> None:
    city = add_division(session, code="4503")
    made, key = accounts.new_key(
        session, ROOT, "12345 热线", Role.DISPATCHER, "4503", expires_at=NOW + timedelta(days=30), now=NOW
    )
    assert key.encode() not in made.key_hash
    assert principals.of_key(session, key, NOW).scope(Permission.READ_ISSUES) == Scope((city.path,))
    with pytest.raises(tokens.InvalidTokenError):
        principals.of_key(session, key, NOW + timedelta(days=30))
    with pytest.raises(tokens.InvalidTokenError):
        principals.of_key(session, key[:-1], NOW)
    accounts.revoke_key(session, ROOT, made.id, NOW)
    with pytest.raises(tokens.InvalidTokenError):
        principals.of_key(session, key, NOW)


def test_key_is_never_an_administrator_nor_eternal(session: Session) -> None:
    with pytest.raises(ForbiddenError):
        accounts.new_key(session, ROOT, "x", Role.ADMIN, None, expires_at=NOW + timedelta(days=1), now=NOW)
    with pytest.raises(ConflictError):
        accounts.new_key(session, ROOT, "x", Role.MANAGER, None, expires_at=NOW + timedelta(days=400), now=NOW)


def test_every_change_is_audited_without_personal_values(session: Session, account: Account) -> None:
    add_division(session, code="4503")
    accounts.grant(session, ROOT, "wei.lan", Role.PLANNER, "4503")
    accounts.set_password(session, ROOT, account, PASSWORD + "2", must_change=True)
    accounts.disable(session, ROOT, "wei.lan", NOW)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [e.action for e in entries] == ["account.add", "grant.add", "account.password", "account.disable"]
    assert "韦兰" not in str([(e.before, e.after) for e in entries])
    assert PASSWORD not in str([(e.before, e.after) for e in entries])
    assert {e.address for e in entries} == {"10.0.0.1"}
    assert {e.who for e in entries} == {"system"}


def test_audit_is_searched_within_the_scope(session: Session, account: Account) -> None:
    mine = add_division(session, code="4503")
    other = add_division(session, code="4504")
    accounts.grant(session, ROOT, "wei.lan", Role.PLANNER, "4503")
    accounts.grant(session, ROOT, "wei.lan", Role.PLANNER, "4504")
    assert [e.action for e in audit.search(session, Scope((mine.path,)))] == ["grant.add"]
    assert len(audit.search(session, Scope(everywhere=True))) == 3
    accounts.add(session, ROOT, "li.jiang", "李江", PASSWORD, division_code="4503")
    accounts.disable(session, ROOT, "li.jiang", NOW)
    accounts.enable(session, ROOT, "li.jiang")
    found = audit.search(session, Scope((mine.path,)), account="system")
    assert [e.action for e in found] == ["account.enable", "account.disable", "account.add", "grant.add"]
    assert audit.search(session, Scope((other.path,)), action="account.add") == []
