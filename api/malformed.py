"""What is wrong in a malformed request, said in Chinese before pydantic's English."""

from collections.abc import Mapping, Sequence
from typing import Any

LABELS: Mapping[str, str] = {
    "address": "地址",
    "area_m2": "面积",
    "body": "请求内容",
    "category": "类别",
    "code": "编码",
    "contact": "联系方式",
    "description": "情况描述",
    "display_name": "姓名或岗位",
    "division": "行政区划",
    "expires_at": "到期时间",
    "file": "文件",
    "hours": "开放时间",
    "kind": "类型",
    "level": "级别",
    "name": "名称",
    "new_password": "新密码",
    "note": "备注",
    "old_password": "原密码",
    "password": "密码",
    "reason": "理由",
    "role": "角色",
    "services": "服务内容",
    "text": "内容",
    "username": "账号",
    "valid_from": "生效日期",
}
"""What the forms call a field; other fields are known by their names in the API alone."""

_NUMBER = "应为数字"
_WHOLE = "应为整数"
_WORDS = "应为文字"
_LIST = "应为列表"
_OBJECT = "应为 JSON 对象"
_INSTANT = "应为带时区的时刻，如 2026-01-31T08:00:00+08:00"
_DATE = "应为日期，如 2026-01-31"
_UUID = "应为 UUID"

WRONG: Mapping[str, str] = {
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "date_from_datetime_inexact": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "dict_type": _OBJECT,
    "enum": "只能是 {expected}",
    "extra_forbidden": "没有这一项",
    "finite_number": "应为有限的数",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "greater_than": "必须大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "数字太大",
    "int_type": _WHOLE,
    "json_invalid": "JSON 写法有误",
    "less_than": "必须小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "list_type": _LIST,
    "literal_error": "只能是 {expected}",
    "missing": "缺少此项",
    "model_attributes_type": _OBJECT,
    "model_type": _OBJECT,
    "string_pattern_mismatch": "写法不符合要求",
    "string_too_long": "最多 {max_length} 个字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_type": _WORDS,
    "string_unicode": "应为 UTF-8 编码的文字",
    "timezone_aware": "须注明时区",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "tuple_type": _LIST,
    "union_tag_invalid": "只能是 {expected_tags}",
    "union_tag_not_found": "缺少 {discriminator}",
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
}
"""What is wrong, by pydantic's type of error, with what the error tells besides."""

OTHERWISE = "格式不正确"


def sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """Say what is wrong with the first five of pydantic's errors: in Chinese, then in English."""
    said = [(place(e), *_both(e)) for e in errors[:5]]
    chinese = "；".join(f"{_labelled(where)}：{words}" if where else words for where, words, _ in said)
    english = "; ".join(f"{where}: {words}" if where else words for where, _, words in said)
    return f"{chinese}。 {english}"


def words(error: Mapping[str, Any]) -> str:
    """Say what is wrong of one error: in Chinese, then in English."""
    return "。 ".join(_both(error))


def place(error: Mapping[str, Any]) -> str:
    """Give the path to what is wrong, such as ``body.points.0.lon``."""
    return ".".join(map(str, error["loc"]))


def _labelled(where: str) -> str:
    label = LABELS.get(where.split(".")[-1])
    return f"{label}（{where}）" if label else where


def _both(error: Mapping[str, Any]) -> tuple[str, str]:
    """Give the words in both languages; a validator of ours says both itself."""
    english = str(error["msg"]).removeprefix("Value error, ")
    kind = error["type"]
    if kind == "value_error":
        chinese, _, rest = english.partition("。 ")
        return (chinese, rest) if rest else (OTHERWISE, english)
    if kind in ("too_short", "too_long") and isinstance(error.get("input"), str):
        kind = f"string_{kind}"  # what a validator of ours has seen first is measured as anything that has a length
    known = {name: _listed(value) for name, value in error.get("ctx", {}).items()}
    return WRONG.get(kind, OTHERWISE).format_map(known), english


def _listed(value: object) -> str:
    """Write a value of an error; pydantic lists what may be chosen in English, `'a', 'b' or 'c'`."""
    return str(value).replace("' or '", "'、'").replace("', '", "'、'")
