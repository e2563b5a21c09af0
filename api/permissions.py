"""How a route says who may call it: ``@router.get("/drafts", **permit(Permission.READ_DRAFTS))``."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Depends

from api.authentication import NotSignedInError, PrincipalDep
from geo.services.access import ForbiddenError, Permission, Principal


class PasswordChangeRequiredError(ForbiddenError):
    """The account must change its first password before anything else."""


def permit(permission: Permission) -> dict[str, Any]:
    """Give the arguments of a route's decorator that declare and enforce its permission.

    The guard asks whether the caller holds the permission anywhere; *where* is the query's business: pass
    ``principal.scope(permission)`` to the service. OpenAPI shows it as ``x-permission``. A public route resolves no
    caller at all, so that the hot paths stay hot.
    """
    declared: dict[str, Any] = {"openapi_extra": {"x-permission": permission.value}}
    if permission is not Permission.PUBLIC:
        declared["dependencies"] = [Depends(guard(permission))]
    return declared


def guard(permission: Permission) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """Give a dependency that refuses callers without the permission."""

    async def require(principal: PrincipalDep) -> Principal:
        if not principal.is_known:
            raise NotSignedInError("请先登录。 Please sign in.")
        if principal.must_change_password and permission is not Permission.SIGNED_IN:
            raise PasswordChangeRequiredError("请先修改初始密码。 Please change your first password.")
        if not principal.may(permission):
            raise ForbiddenError("您的账号没有此项权限。 Your account may not do this.")
        return principal

    return require
