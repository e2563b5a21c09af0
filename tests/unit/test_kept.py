"""Values kept in memory: made once, the least recently used let go, nobody kept waiting for another's."""

from threading import Event, Thread

import pytest

from geo.services.kept import Kept


def test_a_value_is_made_once_and_the_least_recently_used_goes() -> None:
    kept: Kept[str, str] = Kept(2)
    made: list[str] = []

    def ask(key: str) -> str:
        def make() -> str:
            made.append(key)
            return key.upper()

        return kept.get(key, make)

    assert [ask(key) for key in "abab"] == ["A", "B", "A", "B"]
    assert made == ["a", "b"]
    assert ask("a") == "A"  # now b is the one not asked for longest
    ask("c")
    ask("a")
    assert made == ["a", "b", "c"]
    ask("b")
    assert made == ["a", "b", "c", "b"]


def test_values_count_by_their_weight_and_the_last_is_kept_though_it_is_too_heavy() -> None:
    kept: Kept[int, int] = Kept(10, lambda value: value)
    made: list[int] = []

    def ask(weight: int) -> None:
        def make() -> int:
            made.append(weight)
            return weight

        kept.get(weight, make)

    for weight in (4, 5, 4, 5):
        ask(weight)
    assert made == [4, 5]
    ask(50)
    ask(50)
    assert made == [4, 5, 50]
    ask(4)
    ask(4)
    assert made == [4, 5, 50, 4]


def test_whoever_asks_for_the_same_waits_and_whoever_asks_for_another_does_not() -> None:
    kept: Kept[str, str] = Kept(5)
    begun, go_on = Event(), Event()
    made: list[str] = []

    def slow() -> str:
        begun.set()
        assert go_on.wait(10)
        made.append("slow")
        return "slow"

    answers: list[str] = []
    asking = [Thread(target=lambda: answers.append(kept.get("slow", slow))) for _ in range(3)]
    asking[0].start()
    assert begun.wait(10)
    for thread in asking[1:]:
        thread.start()
    assert kept.get("quick", lambda: "quick") == "quick"
    go_on.set()
    for thread in asking:
        thread.join(10)
    assert answers == ["slow"] * 3
    assert made == ["slow"]


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Kept[str, int] = Kept(5)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7) == 7
