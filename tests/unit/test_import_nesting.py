"""Where rows of a file of divisions belong: by the parent they name or the one their official code tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.services.importing.nesting import LEVELS, Place, Row, nest, official_code

GUILIN = [
    Row("4503"),
    Row("450305", "4503"),
    Row("450304", "4503"),
    Row("450305001", "450305"),
    Row("450305001001", "450305001"),
    Row("450305001002", "450305001"),
]
PLACES = {
    "4503": Place("city", None),
    "450305": Place("district", "4503"),
    "450304": Place("district", "4503"),
    "450305001": Place("street", "450305"),
    "450305001001": Place("community", "450305001"),
    "450305001002": Place("community", "450305001"),
}


@given(st.permutations(GUILIN), st.booleans(), st.integers(0, len(GUILIN)))
def test_the_order_of_rows_and_of_files_does_not_matter(rows, with_parents, cut):
    """Any part may be known before, if it is whole; the parent column may be there or not."""
    rows = rows if with_parents else [Row(row.code) for row in rows]
    known = {row.code: PLACES[row.code] for row in GUILIN[:cut]}
    found = nest(rows, known)
    assert found.places == PLACES
    assert not found.refused


@given(st.sets(st.sampled_from(sorted(PLACES)), min_size=1))
def test_what_lacks_an_ancestor_is_refused_and_names_it(codes):
    found = nest([Row(code) for code in codes], {})
    whole = {c for c in codes if all(c[:n] in codes for n in (4, 6, 9) if n < len(c))}
    assert set(found.places) == whole
    assert {reason for reason, _ in found.refused.values()} <= {"no_parent"}
    for code in set(found.refused):
        parent = official_code(code[: {6: 4, 9: 6, 12: 9}[len(code)]])
        assert parent in found.refused[code][1]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("450300", "4503"),
        ("450300000000", "4503"),
        ("450305000000", "450305"),
        ("450305001000", "450305001"),
        ("450000", "45"),
        ("450305", "450305"),
        ("4500", "4500"),  # nobody writes a province in four digits; a foreign code may end in 00
        ("A50300", "A50300"),
        ("450305001001", "450305001001"),
    ],
)
def test_padded_codes_are_the_short_ones(given, kept):
    assert official_code(given) == kept


def test_streets_of_a_city_without_districts_hang_on_the_city():
    found = nest([Row("441900003"), Row("4419"), Row("441900003001")], {})
    assert found.places["441900003"] == Place("street", "4419")
    assert found.places["441900003001"] == Place("community", "441900003")


def test_a_province_is_refused_and_its_cities_are_roots():
    found = nest([Row("45"), Row("4503", "45")], {})
    assert found.refused["45"][0] == "province"
    assert found.places == {"4503": Place("city", None)}


def test_the_named_parent_goes_before_the_code_and_the_user_s_division_comes_last():
    known = {"4503": PLACES["4503"], "450305": PLACES["450305"]}
    assert nest([Row("450399001", "450305")], known).places["450399001"].parent == "450305"
    assert nest([Row("450305001001")], known, under="450305").places["450305001001"].parent == "450305"
    assert "450305001" in nest([Row("450305001001")], known).refused["450305001001"][1]


def test_codes_of_our_own_get_their_level_from_the_parent_or_the_column():
    found = nest([Row("c", "b"), Row("b", "a"), Row("a"), Row("d", "a", "community")], {})
    assert [found.places[c] for c in "abcd"] == [
        Place("city", None),
        Place("district", "a"),
        Place("street", "b"),
        Place("community", "a"),
    ]
    assert nest([Row("x", None, "community")], {}).refused["x"][0] == "no_parent"
    assert nest([Row("x", "nowhere")], {}).refused["x"][0] == "no_parent"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_circles_are_refused(length):
    rows = [Row(f"r{i}", f"r{(i + 1) % length}") for i in range(length)]
    found = nest([*rows, Row("under", "r0")], {})
    if length == 1:  # its own parent: as if it named none
        assert found.places["r0"] == Place("city", None)
    else:
        assert {reason for reason, _ in found.refused.values()} == {"circle"}


def test_a_chain_deeper_than_the_levels_is_refused():
    rows = [Row("r0"), *(Row(f"r{i}", f"r{i - 1}") for i in range(1, 7))]
    found = nest(rows, {})
    assert [found.places[f"r{i}"].level for i in range(4)] == list(LEVELS)
    assert set(found.refused) == {"r4", "r5", "r6"}


def test_a_parent_of_no_higher_level_is_refused():
    known = {"4503": PLACES["4503"], "450305": PLACES["450305"]}
    assert nest([Row("450304", "450305")], known).refused["450304"][0] == "wrong_level"


def test_known_divisions_stay_where_they_were_put_unless_a_gap_was_filled():
    known = {
        "4503": PLACES["4503"],
        "450305": Place("city", None),  # imported when that was allowed
        "450304001": Place("street", "4503"),  # its district was missing
        "450305009": Place("street", "4503x"),  # somebody put it elsewhere
        "4503x": Place("district", "4503"),
    }
    found = nest([Row("450305"), Row("450304"), Row("450304001"), Row("450305009")], known)
    assert found.places["450305"] == Place("district", "4503")
    assert found.places["450304001"] == Place("street", "450304")
    assert found.places["450305009"] == Place("street", "4503x")


def test_a_known_root_without_its_parent_stays_and_is_named():
    found = nest([Row("450305")], {"450305": Place("city", None)})
    assert found.orphans == ["450305"]
    assert found.places["450305"] == Place("city", None)


def test_children_of_a_refused_row_are_refused_and_say_so():
    found = nest([Row("450305")], {}, bad={"4503"})
    assert set(found.refused) == {"450305"}
    assert "被拒绝" in found.refused["450305"][1]
