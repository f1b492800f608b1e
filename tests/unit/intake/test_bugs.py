"""What a bug leaves in the log tells where it was, and nothing of what it met."""

from intake.bugs import frames


def test_a_traceback_names_classes_and_lines_and_quotes_no_value():
    try:
        try:
            int("手机13900000001")
        except ValueError as error:
            raise RuntimeError("mobile 13900000001 of 林小满") from error
    except RuntimeError as error:
        text = frames(error)
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "test_bugs.py" in text
    assert "139" not in text
    assert "林" not in text
