"""What LibreOffice gives up at once it is given once more, before a sender is told that the file is damaged."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from parsers.document import FailureCode, ReadFailure
from parsers.office import Office
from parsers.programs import Ended, Runner
from parsers.sniff import Kind


@dataclass(slots=True)
class Starts(Runner):
    """Each start ends with the next status; one that ends with 0 leaves a document, one with None took too long."""

    statuses: list[int | None] = field(default_factory=list)

    def run(self, _command, folder: Path, **_options) -> Ended:
        status = self.statuses.pop(0)
        if status == 0:
            (folder / "out").mkdir()
            (folder / "out" / "document.docx").write_bytes(b"made")
        return Ended(status, "")


def convert(*statuses: int | None, kind: str = Kind.RTF) -> tuple[object, list[int | None]]:
    """What came of a file, and the ends that were not met."""
    runner = Starts(statuses=list(statuses))
    profile = tempfile.TemporaryDirectory()
    with profile:
        try:
            return Office("soffice", "LibreOffice 7", profile, runner).convert(b"{\\rtf1}", kind).data, runner.statuses
        except ReadFailure as failed:
            return failed.failure.code, runner.statuses


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((0, 1), (b"made", [1])),
        ((1, 0), (b"made", [])),
        ((1, 1, 0), (FailureCode.DAMAGED, [0])),
        ((None, 0), (FailureCode.TIMEOUT, [0])),
        ((-9, 0), (FailureCode.TOO_LARGE, [0])),
        ((1, None), (FailureCode.TIMEOUT, [])),
    ],
)
def test_a_file_is_called_damaged_only_if_it_is_given_up_twice(statuses, outcome):
    assert convert(*statuses) == outcome


def test_a_file_that_wants_a_password_is_tried_once():
    assert convert(1, 0, kind=Kind.ENCRYPTED_XLS) == (FailureCode.ENCRYPTED, [0])


def test_what_was_worked_on_is_not_tried_again(monkeypatch):
    monkeypatch.setattr("parsers.office._AT_ONCE_S", 0.0)
    assert convert(1, 0) == (FailureCode.DAMAGED, [0])
