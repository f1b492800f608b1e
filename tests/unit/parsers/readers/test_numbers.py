from datetime import date, datetime, time, timedelta

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
        (timedelta(hours=30), "[h]:mm", "1 day, 6:00:00"),
        (None, "General", ""),
        ("文本", "@", "文本"),
    ],
)
def test_a_number_is_shown_as_a_person_reads_it(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text
