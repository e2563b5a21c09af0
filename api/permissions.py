"""How a route says who may call it: ``@router.get("/drafts", **permit(Permission.READ_DRAFTS))``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from api.authentication import NotSignedInError, PrincipalDep
from geo.services.access import ForbiddenError, Permission, Principal, Scope

DECLARED: Mapping[str, Permission] = {
    "/openapi.json": Permission.PUBLIC,
    "/static": Permission.PUBLIC,
}
"""Routes that no decorator of ours makes: mounts, and what the framework adds."""


class PasswordChangeRequiredError(ForbiddenError):
    """The account must change its first password before anything else."""


@dataclass(frozen=True)
class Guard:
    """A dependency that refuses callers who hold the permission nowhere."""

    permission: Permission

    async def __call__(self, request: Request, principal: PrincipalDep) -> Principal:
        """Give the caller, or raise NotSignedInError, PasswordChangeRequiredError or ForbiddenError."""
        if not principal.is_known:
            raise NotSignedInError("请先登录。 Please sign in.")
        request.app.state.rate_limits.count_principal(principal)
        if principal.must_change_password and self.permission is not Permission.SIGNED_IN:
            raise PasswordChangeRequiredError("请先修改初始密码。 Please change your first password.")
        if not principal.may(self.permission):
            raise ForbiddenError("您的账号没有此项权限。 Your account may not do this.")
        request.state.principal = principal
        # Having signed in is no reason to see people or issues.
        request.state.scope = Scope() if self.permission is Permission.SIGNED_IN else principal.scope(self.permission)
        return principal


def permit(permission: Permission) -> dict[str, Any]:
    """Give the arguments of a route's decorator that declare and enforce its permission.

    The guard asks whether the caller holds the permission anywhere; *where* is the query's business: pass
    ``principal.scope(permission)`` to the service. OpenAPI shows it as ``x-permission``. A public route resolves no
    caller at all, so that the hot paths stay hot.
    """
    declared: dict[str, Any] = {"openapi_extra": {"x-permission": permission.value}}
    if permission is not Permission.PUBLIC:
        declared["dependencies"] = [Depends(Guard(permission))]
    return declared


def silent_routes(app: FastAPI) -> list[str]:
    """Give the paths of routes that don't both declare and enforce a permission: there must be none."""
    contexts = iter_route_contexts(app.routes)
    return [str(c.path) for c in contexts if not _is_declared(str(c.path), c.original_route)]


def _is_declared(path: str, route: BaseRoute) -> bool:
    if not isinstance(route, APIRoute):
        return path in DECLARED
    declared = (route.openapi_extra or {}).get("x-permission")
    guards = [d.dependency.permission for d in route.dependencies if isinstance(d.dependency, Guard)]
    return declared == Permission.PUBLIC or declared in guards
