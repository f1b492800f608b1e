"""A file with a password that was also cut off in transit is told as locked.

What the sender can do decides: taking the password off means saving the whole file anew, which mends both at once. Told of
the damage alone, the sender mails the same locked file again and is asked a second time.
"""

import pytest

from parsers.document import FailureCode, ReadFailure
from parsers.engines import Converted
from parsers.ole import is_cut
from parsers.parse import parse_document
from tests.builders import ole
from tests.builders.forms import FORMS


class Listening:
    """An office program that notes what it is shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def convert(self, data: bytes, kind: str) -> Converted:  # noqa: ARG002 - the protocol's
        self.seen.append(kind)
        raise ReadFailure(FailureCode.DAMAGED, "cut")

    def look(self, picture: bytes, frame: int = 0):  # noqa: ARG002 - the protocol's
        raise AssertionError


WHOLE = ole.compound({"EncryptionInfo": bytes(200), "EncryptedPackage": bytes(9_000)})


@pytest.mark.parametrize("name", ["表.docx", "表.xlsx"])
def test_a_locked_file_that_was_cut_off_is_told_as_locked_and_no_program_sees_it(name: str) -> None:
    cut = next(WHOLE[:size] for size in range(len(WHOLE) - 512, 0, -512) if is_cut(WHOLE[:size]))
    engines = Listening()
    reading = parse_document(cut, name=name, declared_type="", forms=FORMS, engines=engines)
    assert reading.failure is not None
    assert (reading.failure.code, reading.kind) == (FailureCode.ENCRYPTED, "encrypted_ooxml")
    assert engines.seen == []


def test_a_locked_file_that_is_whole_is_shown_to_the_program() -> None:
    engines = Listening()
    reading = parse_document(WHOLE, name="表.xlsx", declared_type="", forms=FORMS, engines=engines)
    assert reading.failure is not None
    assert reading.failure.code is FailureCode.ENCRYPTED
    assert engines.seen == ["encrypted_ooxml"]
