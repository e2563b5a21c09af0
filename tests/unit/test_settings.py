import pytest

from api.settings import WrongSettingError, read_settings
from geo.walking_rules import WalkingRules


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


def test_how_long_and_how_fast_people_walk(monkeypatch):
    assert read_settings().walking == WalkingRules((5, 10, 15), 4.0, 3.0)
    monkeypatch.setenv("WANGGE_CIRCLE_MINUTES", " 10, 20 ")
    monkeypatch.setenv("WANGGE_WALKING_KMH", "4.5")
    monkeypatch.setenv("WANGGE_ELDERLY_KMH", "4.5")
    settings = read_settings()
    assert settings.walking == WalkingRules((10, 20), 4.5, 4.5)
    assert settings.model_copy(update={"port": 1}).walking == settings.walking
    assert read_settings(circle_minutes=(1, 2, 3, 4, 5, 60)).walking.minutes == (1, 2, 3, 4, 5, 60)


@pytest.mark.parametrize(
    "wrong",
    ["", "15,10", "10,10", "0,5", "5,61", "-5", "2.5", "5;10", "[5, 10]", "five", "1,2,3,4,5,6,7", "5,", "NaN"],
)
def test_wrong_minutes_are_refused_with_what_may_be_set(monkeypatch, wrong):
    monkeypatch.setenv("WANGGE_CIRCLE_MINUTES", wrong)
    says = (
        r"WANGGE_CIRCLE_MINUTES is '.*': give one to 6 whole numbers from 1 to 60 in ascending order, such as 5,10,15$"
    )
    with pytest.raises(WrongSettingError, match=says):
        read_settings()


@pytest.mark.parametrize(
    ("adult", "elderly", "says"),
    [
        ("4", "4.5", r"WANGGE_ELDERLY_KMH is 4\.5: .* faster than adults, for whom WANGGE_WALKING_KMH says 4;"),
        ("2.5", None, r"WANGGE_ELDERLY_KMH is 3: .* WANGGE_WALKING_KMH says 2\.5;"),
        ("4", "0.1", r"WANGGE_ELDERLY_KMH is '0\.1': .*0\.5"),
        ("4", "slow", "WANGGE_ELDERLY_KMH is 'slow': .*number"),
        ("40", None, "WANGGE_WALKING_KMH is '40': .*10"),
    ],
)
def test_the_elderly_are_no_faster_than_adults(monkeypatch, adult, elderly, says):
    monkeypatch.setenv("WANGGE_WALKING_KMH", adult)
    if elderly is not None:
        monkeypatch.setenv("WANGGE_ELDERLY_KMH", elderly)
    with pytest.raises(WrongSettingError, match=says):
        read_settings()
