"""Guess which column of a file means what, from the names people give them in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geo.errors import RefusedImportError

# In order of preference. Compared in lower case without blanks, underscores and dashes.
_NAMES: Mapping[str, list[str]] = {
    field: names.split()
    for field, names in {
        # a table of something inside grids names its grid too: what is inside comes first
        "code": (
            "code 编码 代码 编号 党组织编码 支部编码 站点编码 楼栋编码 楼栋编号 微网格编码 微网格编号 案件编号 工单号 "
            "网格编码 网格编 网格代码 网格编号 gridcode gridid 人员编号 工号 小区编码 社区编码 区划代码 行政区划代码 "
            "adcode districtadcode cityadcode streetcode id caseenquiryid externalcode"
        ),
        "name": (
            "name 名称 网格名称 网格名 微网格名称 区划名称 社区名称 街道名称 支部名称 党组织名称 站点名称 "
            "小区名称 楼栋名称 楼栋 姓名 districtname cityname gridname fullname"
        ),
        "parent": (
            "parent parentcode 上级 上级编码 上级代码 上级党组织 上级党组织编码 所属网格 所属网格编码 "
            "所属社区 所属社区编码 社区编码 社区代码 所属区划 小区编码 streetcode areacode citycode "
            "cityadcode grid gridcode"
        ),
        "lon": "lon lng long longitude 经度 x 坐标经度",
        "lat": "lat latitude 纬度 y 坐标纬度",
        "kind": "kind 类型 类别 网格类型 种类 岗位 职务 type",
        "level": "level 级别 层级",
        "households": "households 户数 住户数 household 总户数",
        "people": "people 人口 人数 常住人口 population popu",
        "household_size": "householdsize meanhouseholdsize 户均人口 hhlds",
        "division": "division divisioncode 区划编码 区划代码 所属区划 社区编码 社区代码 社区",
        "phone": "phone 电话 手机 手机号 联系电话 tel mobile",
        "person": "person personcode 人员 人员编号 工号",
        "grid": "grid gridcode 网格 网格编码 网格代码 负责网格 微网格编码",
        "scope": "scope 范围 负责范围",
        "formation": "formation 组建方式 设置方式",
        "address": "address 地址 locationstreetname location",
        "services": "services 服务 服务内容 服务项目",
        "doors": "doors 入口 出入口 其他入口",
        "hours": "hours 开放时间 服务时间",
        "area_m2": "aream2 面积 建筑面积",
        "manager": "propertymanager 物业 物业公司 物业企业",
        "compound": "compound compoundcode 小区 小区编码",
        "category": "category 类别 事件类别 诉求类别 类型 type reason",
        "description": "description 描述 内容 诉求内容 casetitle title",
        "at": "observedat time 时间 上报时间 发生时间 受理时间 opendt createdat",
        "accuracy": "accuracy accuracym 精度 定位精度",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file each field is read from."""

    of: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        return self.of[field]

    def __contains__(self, field: str) -> bool:
        return field in self.of


def guess_columns(
    present: Sequence[str],
    fields: Sequence[str],
    *,
    required: Sequence[str] = (),
    named: Mapping[str, str] | None = None,
) -> Columns:
    """Give for each of ``fields`` the column that most likely holds it; fields without one are left out.

    Parameters
    ----------
    present
        The file's columns.
    fields
        What the kind of import can use, most important first: a column is used once only.
    required
        Fields that must be found.
    named
        What the user said outright, field to column; overrides every guess.

    Raises
    ------
    RefusedImportError
        If a named column isn't in the file or a required field can't be guessed; lists the columns there are.
    """
    found: dict[str, str] = {}
    for field, column in (named or {}).items():
        if column not in present:
            raise RefusedImportError(
                f"没有 {column!r} 这一列 (--{field})；文件的列有: {_listed(present)}。 No such column."
            )
        found[field] = column
    by_key: dict[str, str] = {}
    for column in present:
        by_key.setdefault(_key(column), column)
    for field in fields:
        if field not in found:
            free = [by_key[n] for n in _NAMES[field] if n in by_key and by_key[n] not in found.values()]
            if free:
                found[field] = free[0]
    missing = [field for field in required if field not in found]
    if missing:
        options = " ".join(f"--{field} 列名" for field in missing)
        raise RefusedImportError(
            f"认不出哪一列是 {'、'.join(missing)}；文件的列有: {_listed(present)}。请用 {options} 指明。"
            " Name the column with the option."
        )
    return Columns(found)


def _key(column: str) -> str:
    return column.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def _listed(present: Sequence[str]) -> str:
    return "、".join(present) or "（无）"
