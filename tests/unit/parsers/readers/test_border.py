import pytest

from parsers.document import Failure, FailureCode, ReadFailure
from parsers.readers.border import reads


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ReadFailure(FailureCode.EMPTY, "no cell"), Failure(FailureCode.EMPTY, "no cell")),
        (MemoryError(), Failure(FailureCode.TOO_LARGE, "MemoryError")),
        (RecursionError("deep"), Failure(FailureCode.TOO_LARGE, "RecursionError")),
        (KeyError("13900001234"), Failure(FailureCode.DAMAGED, "KeyError in a workbook")),
        (AssertionError("王五"), Failure(FailureCode.DAMAGED, "AssertionError in a workbook")),
    ],
)
def test_every_error_of_a_reader_becomes_a_failure_without_its_text(error: Exception, failure: Failure) -> None:
    with pytest.raises(ReadFailure) as caught, reads("a workbook"):
        raise error
    assert caught.value.failure == failure


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_an_order_to_stop_is_no_fault_of_the_file(ending: type[BaseException]) -> None:
    with pytest.raises(ending), reads("a workbook"):
        raise ending
