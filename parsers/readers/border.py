"""The border of a reader: whatever a library makes of broken bytes leaves it as a `ReadFailure`.

In: nothing; `reads` holds while a file is read. Out: the failure's code. Readers built on libraries stand behind it; those
that only call other readers need none. Must not: let an error's text through, which may quote what stands in the file.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from parsers.document import FailureCode, ReadFailure


@contextmanager
def reads(what: str) -> Iterator[None]:
    """Given what is read (``"a Word package"``, for the log), turn errors within into ReadFailure.

    Raise ReadFailure as it came; TOO_LARGE where memory or stack ran out; DAMAGED for every other error.
    """
    try:
        yield
    except ReadFailure:
        raise
    except (MemoryError, RecursionError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except Exception as error:
        # Broken files break each library in many ways: lxml, python-docx and openpyxl by KeyError, ValueError, TypeError,
        # AttributeError (18 % of a public corpus of packages, 6 % of workbooks), xlrd and our own reader of Word 97 by
        # struct.error, AssertionError, IndexError, UnicodeError for a number that points to nowhere, pdfminer by whatever
        # its code stumbles over. Each of them means the same to the sender; the class is kept for us.
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in {what}") from error
