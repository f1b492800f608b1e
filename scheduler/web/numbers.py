"""Numbers that come in with a request: in a path, behind the question mark, in a form. All end where the record's end.

In: text of a stranger. Out: a number that the record can be asked for, or None. A longer one is no number of ours: unasked
it would be an OverflowError of SQLite, or "out of range" of PostgreSQL, and so a page that says the program failed.
"""

from flask import request
from werkzeug.routing import IntegerConverter, Map

from intake.db.models import HIGHEST_NUMBER


class Number(IntegerConverter):
    """`<int:…>` of a route: beyond `HIGHEST_NUMBER` there is no such page (404)."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = None) -> None:  # noqa: A002 - werkzeug's names
        super().__init__(map, fixed_digits, min, HIGHEST_NUMBER if max is None else max)


def number_in(text: str | None) -> int | None:
    """Given what a form or an address says, return the number, None if it is none or beyond `HIGHEST_NUMBER`."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > len(str(HIGHEST_NUMBER)):
        return None
    number = int(text)
    return number if number <= HIGHEST_NUMBER else None


def page_number() -> int:
    """Return the page of a list that is asked for, from 0; what is no number, or longer than any list, is the first."""
    asked = request.args.get("page", "1")
    return max((number_in(asked) or 1) - 1, 0) if len(asked) < 7 else 0
