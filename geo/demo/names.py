"""Names that sound right and belong to nobody: streets, compounds, firms and people of the demo city."""

from collections.abc import Iterator
from itertools import product

import numpy as np

STREET_FIRST = "翠云锦秀明桂春金玉青兴福安和永瑞丽凤龙星文育建新东西丹紫银芳"
STREET_SECOND = "竹溪泉园山林岭江塘桥苑湖月峰台坪柳荷亭岩洲田"
COMPOUND_FIRST = (
    "桂花",
    "漓江",
    "锦绣",
    "翠竹",
    "金桂",
    "紫荆",
    "阳光",
    "滨江",
    "半山",
    "丹桂",
    "彰泰",
    "翰林",
    "碧水",
    "银杏",
    "云湖",
    "秀水",
)
COMPOUND_SECOND = ("花园", "苑", "家园", "新村", "雅居", "名邸", "小区", "公馆", "里", "府")
WORK_UNITS = (
    "纺织厂",
    "机床厂",
    "橡胶厂",
    "铁路",
    "电力",
    "粮食局",
    "师范",
    "医药公司",
    "建筑公司",
    "邮电",
    "卷烟厂",
    "轮胎厂",
)
FIRMS = ("安居物业（演示）", "和美物业（演示）", "桂城物业（演示）", "绿源物业（演示）", "同心物业（演示）")
SURNAMES = "甲乙丙丁戊己庚辛壬癸"
"""The ten heavenly stems: no real surname, so a name such as 甲一零二 is no person's."""
DIGITS = "〇一二三四五六七八九"


def street_names(rng: np.random.Generator) -> Iterator[str]:
    """Yield two-character street names without end (a third round gets a number), each once, without 路."""
    pairs = [a + b for a, b in product(STREET_FIRST, STREET_SECOND)]
    order = rng.permutation(len(pairs))
    yield from (pairs[k] for k in order)
    number = 2
    while True:
        yield from (f"{pairs[k]}{numeral(number)}" for k in order)
        number += 1


def compound_name(rng: np.random.Generator, kind: str) -> str:
    """Return a compound's name for its kind: work units are named after the unit."""
    if kind == "work_unit":
        return f"{WORK_UNITS[rng.integers(len(WORK_UNITS))]}宿舍区"
    first = COMPOUND_FIRST[rng.integers(len(COMPOUND_FIRST))]
    return first + COMPOUND_SECOND[rng.integers(len(COMPOUND_SECOND))]


def person_name(number: int) -> str:
    """Return a name that no person bears: a heavenly stem and the number, such as 演示丙四二七."""
    return "演示" + SURNAMES[number % len(SURNAMES)] + "".join(DIGITS[int(digit)] for digit in f"{number // 10:03d}")


def phone_number(number: int) -> str:
    """Return a number that no one can be assigned: Chinese mobile numbers start with 13-19, this one with 10."""
    return f"100{number:08d}"


def numeral(number: int) -> str:
    """Return a number from 1 to 99 in Chinese."""
    tens, ones = divmod(number, 10)
    text = {0: "", 1: "十"}.get(tens, DIGITS[tens] + "十" if tens else "")
    return text + (DIGITS[ones] if ones else "")
