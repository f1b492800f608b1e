import pytest

from parsers.readers.ink import PLAIN, Line
from parsers.readers.symbols import sign, translate


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Wingdings", 0xF0FE, "☑"),
        ("wingdings ", 0xFE, "☑"),
        ("Wingdings 2", 0x52, "☑"),
        ("Wingdings", 0x52, None),
        ("Webdings", 0xF061, "☑"),
        ("Symbol", 0xF0D6, "√"),
        ("Symbol", 0x35, "5"),
        ("Wingdings", 0xF082, "②"),
        ("Segoe UI Symbol", 0x2611, "☑"),
        ("MS Gothic", 0x2610, "☐"),
        ("", 0xF0A3, "☐"),
        ("", 0xF0F6, None),
        ("Arial", 0xD800, None),
        ("Arial", -1, None),
        ("Arial", 0x110000, None),
    ],
)
def test_a_sign_is_known_or_none(font: str, code: int, shown: str | None) -> None:
    assert sign(font, code) == shown


def test_unknown_private_codes_go_and_unknown_letters_stay() -> None:
    assert translate("\uf0f6x", "Wingdings") == ("x", ("Wingdings F6", "Wingdings 78"))
    assert translate("a 手机", "Arial") == ("a 手机", ())


def test_a_character_that_becomes_two_does_not_cost_the_last_one():
    line = Line()
    line.add("甲\ufb2a乙", PLAIN)  # NFC writes U+FB2A as two code points
    assert line.text() == "甲\u05e9\u05c1乙"
