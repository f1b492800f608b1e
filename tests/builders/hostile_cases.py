"""What the families of hostile files share: a row of the table, its registry, and small things to break files with.

A row names one outcome for each of two machines: `bare` has no engines (a fresh `pip install`), `full` has all of them
(LibreOffice, unpackers, OCR). An outcome is the value of a `FailureCode`, READ, or CLIPPED: read up to the budget's
bounds, and a note says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from parsers.document import NoteCode
from parsers.engines import Engine
from parsers.forms import DocumentReading
from tests.builders import word
from tests.builders.excel import workbook
from tests.builders.layouts import arrange

ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府"))
READ, CLIPPED = "read", "clipped"
SECONDS = 60.0  # what the daemon gives a document

Make = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One file: what is wrong with it, the name it comes under, how to make it, what comes of it.

    `engine` is the one that the file goes to where there are engines; `seconds` is the time it is given there.
    """

    title: str
    name: str
    make: Make
    bare: str
    full: str
    engine: Engine | None
    seconds: float

    @property
    def id(self) -> str:
        return f"{self.name}: {self.title}"


@dataclass(slots=True)
class Table:
    """The rows of one family."""

    cases: list[Case] = field(default_factory=list)

    def add(
        self,
        title: str,
        name: str,
        make: Make,
        bare: str,
        *,
        full: str = "",
        engine: Engine | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Put a row in; without `full` the engines make no difference."""
        self.cases.append(Case(title, name, make, bare, full or bare, engine, seconds))

    def case(self, title: str, name: str, bare: str) -> Callable[[Make], Make]:
        """Put the decorated function in as a row."""

        def register(make: Make) -> Make:
            self.add(title, name, make, bare)
            return make

        return register


def outcome(reading: DocumentReading) -> tuple[str, str]:
    """Given a reading, return its outcome and the detail of a failure; an archive of one file has that file's."""
    while len(reading.members) == 1:
        (reading,) = reading.members
    if reading.failure is not None:
        return reading.failure.code.value, reading.failure.detail
    return (CLIPPED if any(note.code is NoteCode.CLIPPED for note in reading.notes) else READ), ""


def good_docx() -> bytes:
    return word.docx_form("附件2", arrange("pairs", ROWS, ()), (), ())


def good_xlsx() -> bytes:
    return workbook(lambda sheet: [sheet.append(row) for row in ROWS] and None)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def zipped(**members: bytes) -> bytes:
    """Given members (``a__txt=...`` is a.txt), return the zip."""
    return word.zipped({name.replace("__", "."): data for name, data in members.items()})


LAUGHS = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
