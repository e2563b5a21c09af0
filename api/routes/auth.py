"""Signing in and out, refreshing, changing one's own password."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from api.authentication import (
    REFRESH_COOKIE,
    CallerDep,
    PrincipalDep,
    clear_cookies,
    client_address,
    require_csrf_token,
    require_same_site,
    set_cookies,
)
from api.dependencies import SessionDep
from api.permissions import permit
from api.schemas.accounts import Me, MyGrant, PasswordChange, Refresh, SignIn, TokenPair
from geo.errors import GeoError
from geo.models import Account
from geo.services import accounts, audit, passwords, tokens
from geo.services.access import ANONYMOUS, Permission, Principal, reveal
from geo.services.accounts import Caller
from geo.services.sign_in import SignInRefusedError, check_own_password, sign_in

router = APIRouter(prefix="/api/v1/auth", tags=["登录 sign-in"])


@contextmanager
def _committed_even_if_refused(request: Request) -> Iterator[Session]:
    """Give a session whose work holds also when the request is refused: counts of failures, revocations."""
    with Session(request.app.state.engine) as session:
        try:
            yield session
        except GeoError:
            session.commit()
            raise
        session.commit()


def _pair(tokens_: tokens.Tokens) -> TokenPair:
    return TokenPair(
        access_token=tokens_.access,
        refresh_token=tokens_.refresh,
        expires_in_s=int(tokens.ACCESS_LIFE.total_seconds()),
    )


@router.post("/sign-in", **permit(Permission.PUBLIC))
def post_sign_in(request: Request, response: Response, body: SignIn, cookies: bool = False) -> TokenPair | None:
    """Sign in. Pages ask for ``cookies``; other clients get the tokens in the body."""
    require_same_site(request)
    now, address = datetime.now(UTC), client_address(request)
    with _committed_even_if_refused(request) as session:
        try:
            account = sign_in(session, body.username, body.password, address, now)
        except SignInRefusedError:
            audit.record(
                session,
                ANONYMOUS,
                "sign_in.refused",
                "account",
                audit.fingerprint(body.username),
                address=address,
                division_path=accounts.home_path_of(session, body.username),
            )
            raise
        pair = tokens.issue(session, account, request.app.state.secret_key, now)
        _record(session, _caller(request, account), "sign_in", account)
    return _answer(request, response, pair, cookies=cookies)


@router.post("/refresh", **permit(Permission.PUBLIC))
def post_refresh(request: Request, response: Response, body: Refresh) -> TokenPair | None:
    """Use a refresh token for a new pair; it works once, and a second use signs out that sign-in."""
    cookie = None
    if body.refresh_token is None:
        cookie = request.cookies.get(REFRESH_COOKIE)
        require_same_site(request)
        require_csrf_token(request)
    with _committed_even_if_refused(request) as session:
        key = request.app.state.secret_key
        _, pair = tokens.rotate(session, body.refresh_token or cookie or "", key, datetime.now(UTC))
    return _answer(request, response, pair, cookies=cookie is not None)


def _answer(request: Request, response: Response, pair: tokens.Tokens, *, cookies: bool) -> TokenPair | None:
    response.headers["Cache-Control"] = "no-store"
    if not cookies:
        return _pair(pair)
    set_cookies(request, response, pair)
    return None


@router.post("/sign-out", **permit(Permission.PUBLIC))
def post_sign_out(request: Request, response: Response, session: SessionDep, body: Refresh) -> None:
    """Sign out here; what was signed in elsewhere stays."""
    cookie = request.cookies.get(REFRESH_COOKIE)
    if body.refresh_token is None and cookie is not None:
        require_same_site(request)
        require_csrf_token(request)
    owner = tokens.revoke(session, body.refresh_token or cookie or "", request.app.state.secret_key)
    if owner is not None:
        account = session.get_one(Account, owner)
        _record(session, _caller(request, account), "sign_out.here", account)
    clear_cookies(response)


@router.post("/sign-out-everywhere", **permit(Permission.SIGNED_IN))
def post_sign_out_everywhere(response: Response, session: SessionDep, caller: CallerDep) -> None:
    """Sign out on every device, at once."""
    account = own_account(session, caller.principal)
    tokens.revoke_all(session, account.id)
    _record(session, caller, "sign_out.everywhere", account)
    clear_cookies(response)


@router.post("/password", **permit(Permission.SIGNED_IN))
def post_password(
    request: Request, response: Response, caller: CallerDep, body: PasswordChange, cookies: bool = False
) -> TokenPair | None:
    """Change one's own password; signs out everywhere else and gives new tokens."""
    now = datetime.now(UTC)
    with _committed_even_if_refused(request) as session:
        reveal(session, "account", caller.principal.account_id)
        account = own_account(session, caller.principal)
        try:
            check_own_password(session, account, body.old_password, client_address(request), now)
        except SignInRefusedError:
            _record(session, caller, "password.refused", account)
            raise
        if body.new_password == body.old_password:
            raise passwords.WeakPasswordError("新密码不能与原密码相同。 The new password must differ.")
        accounts.set_password(session, caller, account, body.new_password, must_change=False)
        pair = tokens.issue(session, account, request.app.state.secret_key, now)
    return _answer(request, response, pair, cookies=cookies)


@router.get("/me", **permit(Permission.SIGNED_IN))
def get_me(principal: PrincipalDep) -> Me:
    """Give the caller and its permissions."""
    return Me(
        username=principal.username,
        display_name=principal.display_name,
        must_change_password=principal.must_change_password,
        grants=[MyGrant.model_validate(grant) for grant in principal.grants],
        permissions=sorted(p.value for p in Permission if principal.may(p)),
    )


def _caller(request: Request, account: Account) -> Caller:
    """Give who has signed in or out: no token names her yet, or still."""
    return Caller(Principal(account.id, username=account.username), client_address(request))


def _record(session: Session, caller: Caller, action: str, account: Account) -> None:
    home = accounts.home_path(session, account)
    audit.record(session, caller.principal, action, "account", account.id, address=caller.address, division_path=home)


def own_account(session: Session, principal: Principal) -> Account:
    """Give the caller's own account; a key has none."""
    account = session.get(Account, principal.account_id) if principal.account_id is not None else None
    if account is None:
        raise SignInRefusedError("API 密钥没有密码。 An API key has no password.")
    return account
