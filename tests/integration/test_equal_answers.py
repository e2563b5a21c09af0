"""Who has an account is not to be found out: the same answer, after the same work."""

from datetime import UTC, datetime

import pytest
from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.services.access import SYSTEM
from geo.services.accounts import Caller
from geo.services.sign_in import FREE_TRIES, SignInRefusedError, TooManyTriesError, sign_in
from tests.integration.conftest import PASSWORD

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_unknown_disabled_and_known_names_cost_one_hash_each_and_answer_alike(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("known", "disabled"):
        accounts.add(session, Caller(SYSTEM), name, name, PASSWORD)
    accounts.disable(session, Caller(SYSTEM), "disabled", NOW)
    hashed: list[str] = []
    verify = PasswordHash.verify

    def counted(self: PasswordHash, password: str, password_hash: str) -> bool:
        hashed.append(password_hash)
        return verify(self, password, password_hash)

    monkeypatch.setattr(PasswordHash, "verify", counted)
    answers = set()
    for name, password in [("known", "wrong"), ("nobody", "wrong"), ("disabled", "wrong"), ("disabled", PASSWORD)]:
        with pytest.raises(SignInRefusedError) as refused:
            sign_in(session, name, password, "192.0.2.1", NOW)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert len(hashed) == 4
    # argon2 writes kind, version and cost before the salt: all cost the same.
    assert len({h.rsplit("$", 2)[0] for h in hashed}) == 1
    assert hashed[0].startswith("$argon2id$")


@pytest.mark.parametrize("name", ["known", "nobody"])
def test_those_who_try_too_often_wait_whether_the_name_exists_or_not(session: Session, name: str) -> None:
    accounts.add(session, Caller(SYSTEM), "known", "known", PASSWORD)
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInRefusedError):
            sign_in(session, name, "wrong", "192.0.2.1", NOW)
    with pytest.raises(TooManyTriesError) as refused:
        sign_in(session, name, "wrong", "192.0.2.1", NOW)
    assert refused.value.retry_after_s == 2
