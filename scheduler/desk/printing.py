"""Tables and lines for a terminal. Texts of strangers are shown as they stand: to rich ``[/red]`` in a subject is markup,
which a console that takes markup answers with an error, so that one mail would close a list to the clerk.

In: words. Out: a console, tables. Control characters (a terminal obeys them) are taken out.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from parsers.text import clean


def screen() -> Console:
    """Return a console that takes every text as it stands."""
    return Console(markup=False, highlight=False)


def table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()
) -> Table:
    """Given rows of cells, return their table; the columns of `numbers` (from 0) stand to the right."""
    found = Table(title=clean(title) or None, title_justify="left")
    for at, heading in enumerate(headings):
        found.add_column(heading, overflow="fold", justify="right" if at in numbers else "left")
    for row in rows:
        found.add_row(*(clean(str(cell)) for cell in row))
    return found


def lines(console: Console, texts: Iterable[str]) -> None:
    """Print lines, however long, as they stand."""
    for text in texts:
        console.print(clean(text), soft_wrap=True)
