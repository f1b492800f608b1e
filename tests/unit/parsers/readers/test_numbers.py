from datetime import date, datetime, time, timedelta
from time import perf_counter as time_now

import pytest

from parsers.readers.numbers import shown


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (13900001234, "General", "13900001234"),
        (13900001234.0, "General", "13900001234"),
        (13900001234.0, "0.00", "13900001234"),
        (13900001234, "0", "13900001234"),
        (13900001234, "0_ ", "13900001234"),
        (13900001234, "@", "13900001234"),
        (13900001234, "#,##0", "13900001234"),
        (59527000001, "0000-00000000", "0595-27000001"),
        (59527000001.0, '0000"-"00000000', "0595-27000001"),
        (59527000001, "0000\\-00000000;;", "0595-27000001"),
        (59527000001, "[$-804]000000000000", "059527000001"),
        (13900001234, "000-0000-0000", "139-0000-1234"),
        (7, "000", "007"),
        (12345, "000", "12345"),
        (12345, "00-00", "123-45"),
        (59527000001, "yyyy-mm-dd", "59527000001"),
        (-5, "000", "-5"),
        (0, "General", "0"),
        (0, "000", "000"),
        (0.5, "0%", "50%"),
        (0.1234, "0.0%", "12.3%"),
        (0.1 + 0.2, "General", "0.3"),
        (1234.5, "General", "1234.5"),
        (0.00001, "General", "0.00001"),
        (350521199001011234, "0", "3.50521E+17"),  # digits beyond the fifteenth are lost: must not look whole
        (float("inf"), "General", "INF"),
        (True, "General", "TRUE"),
        (datetime(2025, 5, 30, 0, 0), "yyyy-mm-dd", "2025-05-30"),  # noqa: DTZ001
        (datetime(2025, 5, 30, 9, 30), "yyyy-mm-dd h:mm", "2025-05-30 09:30:00"),  # noqa: DTZ001
        (date(2025, 5, 30), "yyyy-mm-dd", "2025-05-30"),
        (time(9, 30), "h:mm", "09:30:00"),
        (timedelta(hours=30), "[h]:mm", "30:00:00"),
        (timedelta(minutes=90), "[mm]:ss", "01:30:00"),
        (timedelta(hours=-1), "[h]:mm", "-01:00:00"),
        (None, "General", ""),
        ("文本", "@", "文本"),
    ],
)
def test_a_number_is_shown_as_a_person_reads_it(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


# What LibreOffice 7.4 shows for each of these is the third column, measured, except where a comment says why not.
@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1, "0%", "100%"),
        (0, "0%", "0%"),
        (10, "#,##0%", "1000%"),  # 1,000%: thousands are not parted
        (1, "0.00%", "100.00%"),
        (1, "0%_ ", "100%"),
        (0.125, "0%", "13%"),  # halves go up, as on the screen; Python's own rounding gives 12
        (0.005, "0%", "1%"),
        (1.005, "0.00%", "100.50%"),
        (0.12345, "0.0#%", "12.35%"),
        (0.5, "0.##%", "50%"),
        (-0.5, "0%", "-50%"),
        (0.5, "0.00%;[Red]-0.00%", "50.00%"),
        (1, '0"%"', "1%"),
        (5, "0\\%", "5%"),
        (1, "0." + "0" * 200 + "%", "100.0000000000%"),
        (12.345, "0.00", "12.345"),  # 12.35: nothing is rounded away
        (12, "0.00", "12"),
        (12.6, "0", "12.6"),
        (1234.5, "#,##0.00", "1234.5"),
        (1234567, "0.00E+00", "1234567"),
        (13912345678, "0.00E+00", "13912345678"),
        (13959800000, "0.00E+00", "1.39598E+10"),  # it came through a table of text, its last digits are lost
        (13959800000, "0", "13959800000"),
        (13959800000, '0"E+"', "13959800000E+"),
        (7, "0000", "0007"),
        (12345, "0000", "12345"),
        (7.5, "0000", "7.5"),
        (7, "@", "7"),
        (0, "#", ""),
        (0, "#,###", ""),
        (0, "0;-0;;@", ""),
        (0, "0", "0"),
        (0, "0;-0", "0"),
        (5, "#,##0;-#,##0;;@", "5"),
        (-5, "0;;", ""),
        (-5, "0;-0;;@", "-5"),
        (5, ";;;", ""),
        (5, '0"人"', "5人"),
        (5, "0人", "5人"),
        (5, '0"万元"', "5万元"),
        (5.6, '0.0"万元"', "5.6万元"),
        (5, 'General"人"', "5人"),
        (5, 'G/通用格式"人"', "5人"),
        (5, '"￥"#,##0.00', "￥5"),
        (5, '_ "￥"* #,##0.00_ ;_ "￥"* -#,##0.00_ ', "￥5"),
        (5, '0"a;b"', "5a;b"),
        (12345, '0.0,"万"', "12345"),  # 12.3万: divided by the comma; the stored number is no number of 万
        (12345, '0!.0,"万"', "12345"),
        (123, "[DBNum1]0", "123"),
        (59527000001, "0000-00000000;[Red]-0", "0595-27000001"),
        (5, "[>10]000;0", "5"),
        (5551234, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "5551234"),
        (5, "0" * 300, "5"),
        (5, '0"', "5"),
        (5, "0\0人", "5人"),
        (float("nan"), "0%", "NAN"),
        (float("inf"), "0%", "INF"),
    ],
)
def test_what_a_format_adds_is_read_and_what_it_makes_prettier_is_not(value, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


def test_a_hostile_format_costs_nothing() -> None:
    started = time_now()
    for number_format in ('"' * 1_000_000, "[" * 1_000_000, "0?" * 120 + "x", "#," * 127 + "x", "_" * 255):
        shown(5, number_format)
    assert time_now() - started < 1
