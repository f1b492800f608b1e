"""How well forms came back out of a container: every field right, asked about, or silently wrong. The last must be 0.

*right*: the value that was written, without a problem. *asked*: the field, its form or its file carries a problem, so that
the sender or a person of the office looks. *silent*: another value, none where one was written, or a form that nobody sent,
and nothing said. A required field that comes back empty is asked about by `check_required`, as in the daemon.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.fields import check_required
from parsers.forms import DocumentReading, FormReading
from tests.builders.forms import expected, same
from tests.contract.producers import Filled


@dataclass
class Score:
    """Fields of one container."""

    right: int = 0
    asked: int = 0
    silent: int = 0

    @property
    def fields(self) -> int:
        return self.right + self.asked + self.silent


def leaves(reading: DocumentReading) -> Iterator[DocumentReading]:
    """Yield a document or the members of a container."""
    if not reading.members:
        yield reading
    for member in reading.members:
        yield from leaves(member)


def judge(one: Filled, reading: DocumentReading, score: Score) -> list[str]:
    """Add the reading of one file to the score; return what was not right, a line each."""
    documents = list(leaves(reading))
    forms = [form for document in documents for form in document.forms]
    failed = next((document.failure for document in documents if document.failure is not None), None)
    wanted = expected(one.form, dict(one.written))
    if len(forms) != 1 or forms[0].form != one.form.id or forms[0].blank:
        doubted = failed is not None or any(form.problems for form in forms)
        score.asked += len(wanted) if doubted else 0
        score.silent += 0 if doubted else len(wanted)
        return [
            f"{one.name} {one.layout}: {'asked' if doubted else 'SILENT'}: {failed or [form.form for form in forms]}"
        ]
    return [f"{one.name} {one.layout} {words}" for words in _fields(forms[0], one, wanted, score)]


def _fields(form: FormReading, one: Filled, wanted: dict, score: Score) -> Iterator[str]:
    missing = {problem.field for problem in check_required(one.form, form.fields)}
    for key, want in wanted.items():
        field = form.field(key)
        got = None if field is None else field.value
        asked = bool(form.problems) or key in missing or (field is not None and field.problem is not None)
        if same(got, want) and not asked:
            score.right += 1
        elif asked:
            score.asked += 1
            yield f"{key} asked: {got!r}, written {want!r}"
        else:
            score.silent += 1
            yield f"{key} SILENT: {got!r}, written {want!r}"
