import json
import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.malformed import OTHERWISE, sentence, words
from geo.services.importing.request import Kind


def refuse(text: str) -> str:
    raise ValueError("不可以。 must not be")


def mumble(text: str) -> str:
    raise ValueError("something only in English")


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "ab"
    points: Annotated[list[tuple[float, float]], Field(min_length=1, max_length=2)] = [(0, 0)]
    limit: Annotated[int, Field(ge=1, le=5)] = 1
    share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5
    level: Literal["a", "b", "c"] = "a"
    seen_at: AwareDatetime | None = None
    attributes: dict[str, Any] = {}
    is_open: bool = True
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    refused: Annotated[str, AfterValidator(refuse)] = ""
    mumbled: Annotated[str, AfterValidator(mumble)] = ""


def errors_of(given: object, model: Any = Form) -> list[dict[str, Any]]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_json(json.dumps(given))
    return [dict(error) for error in refused.value.errors()]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"name": "a"}, "至少 2 个字符"),
        ({"name": "abcde"}, "最多 4 个字符"),
        ({"name": "AB"}, "写法不符合要求"),
        ({"name": 7}, "应为文字"),
        ({"points": []}, "至少 1 项"),
        ({"points": [(0, 0)] * 3}, "最多 2 项"),
        ({"points": [(0,)]}, "缺少此项"),
        ({"points": {}}, "应为列表"),
        ({"limit": 0}, "不能小于 1"),
        ({"limit": 6}, "不能大于 5"),
        ({"limit": "x"}, "应为整数"),
        ({"limit": 1.5}, "应为整数"),
        ({"share": 0}, "必须大于 0.0"),
        ({"share": 1}, "必须小于 1.0"),
        ({"share": "x"}, "应为数字"),
        ({"level": "d"}, "只能是 'a'、'b'、'c'"),
        ({"seen_at": "yesterday"}, "应为带时区的时刻，如 2026-01-31T08:00:00+08:00"),
        ({"seen_at": "2026-01-31T08:00:00"}, "须注明时区"),
        ({"attributes": 7}, "应为 JSON 对象"),
        ({"is_open": "perhaps"}, "应为 true 或 false"),
        ({"pet": {"kind": "cow"}}, "只能是 'cat'、'dog'"),
        ({"pet": {}}, "缺少 'kind'"),
        ({"colour": "red"}, "没有这一项"),
        ({"refused": ""}, "不可以"),
    ],
)
def test_each_kind_of_error_is_said_in_chinese_then_in_english(given: dict[str, Any], wanted: str) -> None:
    (error,) = errors_of(given)
    chinese, english = words(error).split("。 ")
    assert chinese == wanted
    assert re.fullmatch(r"[\x20-\x7e]+", english)


def test_what_has_no_words_of_its_own_says_so_in_both_languages() -> None:
    (error,) = errors_of({"mumbled": ""})
    assert words(error) == f"{OTHERWISE}。 something only in English"


def test_a_field_of_a_form_is_called_as_in_the_form() -> None:
    found = errors_of({"name": "", "points": [(0, "x")]})
    assert sentence(found) == (
        "名称（name）：至少 2 个字符；points.0.1：应为数字。"
        " name: String should have at least 2 characters;"
        " points.0.1: Input should be a valid number, unable to parse string as a number"
    )


def test_what_is_wrong_with_the_whole_has_no_place() -> None:
    (error,) = errors_of({"kind": "cow"}, Annotated[Cat | Dog, Field(discriminator="kind")])
    assert sentence([error]).startswith("只能是 'cat'、'dog'。 Input tag 'cow'")


def test_five_errors_are_enough_for_a_sentence() -> None:
    found = errors_of({f"field_{i}": 0 for i in range(9)})
    assert sentence(found).count("没有这一项") == 5


def test_braces_in_what_was_sent_are_only_text() -> None:
    (error,) = errors_of({"{limit}{0.__class__}": 1})
    assert words(error).startswith("没有这一项。 ")


def test_an_enumeration_names_its_members() -> None:
    (error,) = errors_of("nothing", Kind)
    assert words(error).startswith("只能是 ")
    assert "。 " in words(error)
