import pytest

from api.settings import WrongSettingError, read_settings


def test_password_comes_from_its_file(tmp_path, monkeypatch):
    (tmp_path / "password").write_text("p@ss/wörd\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://wangge_owner@database/wangge")
    monkeypatch.setenv("WANGGE_DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    settings = read_settings()
    assert settings.database_url == "postgresql://wangge_owner:p%40ss%2Fw%C3%B6rd@database/wangge"
    # Settings made from settings (as `wangge up` does) keep it.
    assert settings.model_copy(update={"port": 1}).database_url == settings.database_url


def test_what_is_given_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("WANGGE_PORT", "8123")
    assert read_settings(port=None).port == 8123
    assert read_settings(port=0).port == 0


def test_wrong_value_is_named(monkeypatch):
    monkeypatch.setenv("WANGGE_LOG_FORMAT", "xml")
    with pytest.raises(WrongSettingError, match=r"WANGGE_LOG_FORMAT is 'xml'.*'console' or 'json'"):
        read_settings()


@pytest.mark.parametrize(
    ("url", "file", "says"),
    [
        ("foo", None, "must look like postgresql://"),
        ("mysql://a:b@127.0.0.1/x", None, "must look like postgresql://"),
        ("postgresql:///x", "password", "name the owner"),
        ("postgresql://o@127.0.0.1/x", "missing", "password file .*missing can't be read"),
    ],
)
def test_a_wrong_url_or_password_file_is_a_sentence(tmp_path, monkeypatch, url, file, says):
    (tmp_path / "password").write_text("secret")
    if file is not None:
        monkeypatch.setenv("WANGGE_DATABASE_PASSWORD_FILE", str(tmp_path / file))
    with pytest.raises(WrongSettingError, match=says) as raised:
        read_settings(database_url=url)
    assert "secret" not in str(raised.value)
