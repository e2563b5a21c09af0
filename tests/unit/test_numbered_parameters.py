"""Named parameters become numbered ones, each name one number."""

from geo.queries.intake import intake_statement, numbered_intake_statement
from geo.queries.numbered import number_parameters


def test_a_name_keeps_its_number() -> None:
    numbered = number_parameters("select %(b)s::int, %(a)s || %(b)s, '100 %'")
    assert numbered.text == b"select $1::int, $2 || $1, '100 %'"
    assert numbered.values({"a": 7, "b": 8, "other": 9}) == [8, 7]


def test_no_named_parameter_is_left_in_the_intake() -> None:
    numbered = numbered_intake_statement()
    assert "%(" in intake_statement()
    assert b"%(" not in numbered.text
    assert f"${len(numbered.names)}".encode() in numbered.text
    assert f"${len(numbered.names) + 1}".encode() not in numbered.text
