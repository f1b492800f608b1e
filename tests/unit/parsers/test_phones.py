"""Telephone numbers: put together before anything is deleted, never completed, never repaired."""

import pytest

from parsers.phones import NumberKind, find_numbers


def numbers(text, area_code="0595"):
    return [number.text for number in find_numbers(text, area_code=area_code).numbers]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "13805950001",
            "138 0595 0001",
            "138-0595-0001",
            "１３８０５９５０００１",
            "+86 13805950001",
            "86-13805950001",
        ),
        *(
            "0086 138 0595 0001",
            "（+86）13805950001",
            "138.0595.0001",
            "13805950001.0",
            "013805950001",
            "手机：13805950001",
            "1380595\n0001",
        ),
    ],
)
def test_mobile_numbers(text):
    assert numbers(text) == ["13805950001"]


@pytest.mark.parametrize(
    "text",
    [
        *("0595-27391234", "059527391234", "(0595)27391234", "（0595） 2739 1234", "0595—27391234", "0595/27391234"),
        *("+86-595-27391234", "+86 0595 27391234", "0595 2739-1234", "59527391234", "0595~27391234"),
        *("0595\n27391234", "0595-\n27391234", "0595-2739\n1234"),
    ],
)
def test_landlines_with_area_code(text):
    assert numbers(text) == ["0595-27391234"]


@pytest.mark.parametrize(
    "text",
    ["0595-27391234-801", "0595-27391234转801", "0595-27391234 转 801", "0595-27391234*801", "0595-27391234分机801"],
)
def test_extensions(text):
    assert numbers(text) == ["0595-27391234-801"]


def test_a_local_number_stays_local_and_is_noted():
    (number,) = find_numbers("2739 1234", area_code="0595").numbers
    assert (number.text, number.kind, number.note) == ("27391234", NumberKind.LOCAL, "without area code")


def test_a_lost_zero_is_restored_only_for_the_office_s_own_area():
    assert numbers("59527391234") == ["0595-27391234"]
    assert numbers("59527391234", area_code="") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13805950001/0595-27391234", ["13805950001", "0595-27391234"]),
        ("办公：27391234 手机：13805950001", ["27391234", "13805950001"]),
        ("13805950001、13805950002", ["13805950001", "13805950002"]),
        ("13805950001\n0595-27391234", ["13805950001", "0595-27391234"]),
        ("13805950001\n13805950002", ["13805950001", "13805950002"]),
        ("27391234\n27391235", ["27391234", "27391235"]),
        ("0595-27391234\n27391235", ["0595-27391234", "27391235"]),
        ("0595-27391234/27391235", ["0595-27391234", "27391235"]),
        ("13805950001（短号665001）", ["13805950001", "665001"]),
        ("13805950001 13805950001", ["13805950001"]),
        ("010-82801900 13701150000", ["010-82801900", "13701150000"]),
    ],
)
def test_several_numbers_in_one_cell(text, found):
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "separated"),
    [("13805950001、13805950002", True), ("13805950001 13805950002", False), ("手机13805950001 座机27391234", True)],
)
def test_a_blank_between_two_numbers_is_no_separation(text, separated):
    assert find_numbers(text, area_code="0595").separated is separated


@pytest.mark.parametrize(
    "text",
    [
        *("1380595000", "138059500011", "12805950001", "0595-2739123", "2739123", "05952739123400"),
        *(
            "1.39E+10",
            "1.38059E+10",
            "138****1234",
            "1380595xxxx",
            "138 5950 001",
            "1380 5950",
            "1380595000113805950002",
        ),
        *("010-8280190013701150000", "0595-", "27391234/5"),
    ],
)
def test_what_is_no_number_is_a_fault(text):
    found = find_numbers(text, area_code="0595")
    assert found.fault
    assert found.numbers == ()


def test_digits_of_an_address_are_no_number():
    found = find_numbers("a27398830@unit.example.com", area_code="0595")
    assert (found.numbers, found.fault, found.email) == ((), "", "a27398830@unit.example.com")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("400-123-4567", NumberKind.SERVICE),
        ("8008201234", NumberKind.SERVICE),
        ("12350", NumberKind.SHORT),
        ("+886-912345678", NumberKind.ABROAD),
    ],
)
def test_other_kinds(text, kind):
    assert [number.kind for number in find_numbers(text).numbers] == [kind]


def test_words_around_a_number_are_kept():
    assert find_numbers("张三 13805950001").words == ("张三",)
    assert find_numbers("手机（微信同号）：13805950001").words == ()


def test_a_page_of_digits_takes_no_time():
    assert find_numbers("1 " * 50_000).fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("-27390506", "a number below zero"),
        ("2025-05-28", "a date"),
        ("2025-05-28 08:30:00", "a date"),
        ("2025年5月28日", "a date"),
        ("QQ:34567123", "a QQ number"),
        ("qq号34567123", "a QQ number"),
        ("27391234~6", "a range of numbers"),
        ("0595-27391234～36", "a range of numbers"),
    ],
)
def test_what_only_has_as_many_digits_as_a_telephone_number_is_none(text, fault):
    found = find_numbers(text, area_code="0595")
    assert (found.numbers, found.fault) == ((), fault)


@pytest.mark.parametrize("text", ["13805950001（QQ同号）", "2739-1101", "0595-27391101", "电话-27391101"])
def test_a_telephone_number_that_only_resembles_those_is_still_read(text):
    assert find_numbers(text, area_code="0595").numbers
