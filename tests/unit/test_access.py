"""Scopes: whole subtrees of the division tree, never a sibling."""

import pytest

from geo.services.access import ANONYMOUS, SYSTEM, ForbiddenError, Grant, Permission, Principal, Role, Scope, merge


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("1.2", True),  # the division itself
        ("1.2.3", True),  # below it
        ("1", False),  # above it
        ("1.20", False),  # a sibling whose id begins alike
        ("1.3", False),
        (None, False),  # outside every known border: for the administrator of everything
    ],
)
def test_scope_covers_its_subtree_only(path: str | None, inside: bool) -> None:
    assert Scope(("1.2",)).covers(path) is inside


def test_merge_drops_what_another_covers() -> None:
    assert merge(["1.2.3", "1.2", "1.20"]) == Scope(("1.2", "1.20"))
    assert merge(["1.2", None]) == Scope(everywhere=True)
    assert not merge([])


def test_public_may_only_what_is_public() -> None:
    assert [p for p in Permission if ANONYMOUS.may(p)] == [Permission.PUBLIC]


def test_several_grants_hold_each_in_its_place() -> None:
    both = Principal(account_id=1, grants=(Grant(Role.PLANNER, "1.2"), Grant(Role.DISPATCHER, "1.3")))
    assert both.scope(Permission.EDIT_DRAFTS) == Scope(("1.2",))
    assert both.scope(Permission.READ_ISSUES) == Scope(("1.3",))
    both.require(Permission.EDIT_DRAFTS, "1.2.9")
    with pytest.raises(ForbiddenError):
        both.require(Permission.EDIT_DRAFTS, "1.3")


def test_a_manager_never_reads_personal_data_and_an_administrator_neither() -> None:
    for role in (Role.MANAGER, Role.ADMIN, Role.PLANNER):
        assert not Principal(account_id=1, grants=(Grant(role, None),)).may(Permission.READ_PERSONAL)


def test_system_may_manage_everywhere() -> None:
    assert SYSTEM.scope(Permission.MANAGE_ACCOUNTS).everywhere
