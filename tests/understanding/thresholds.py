"""What each threshold is worth: the same drawn forms and damages, read with a constant lower, as it is, and higher.

In: names of constants (none: all of `TRIED`), the cases of `__main__`. Out: a row for each value with the figures of `judge`
and the number of mails that come out otherwise than with the value as it is. The mails are rendered, and blank forms
read, once, with the values as they are; then everything is read in this process (`judge.Here`), so that a changed module
attribute counts.
Must not: change a constant for longer than a row; try one that no function looks up (it would seem to make no difference).
"""

import ast
import inspect
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType, ModuleType

from intake.pipeline import examine_mail
from intake.settings import Settings
from tests.understanding.generate import ROSTER, Case
from tests.understanding.judge import HERE, Verdict, compare, raw_mail, settings_of

Number = float | Mapping[str, float]  # `scoring._PRIOR` is one decision in three numbers

# Halved and doubled where that is another decision; else the next values that are.
TRIED: dict[str, tuple[Number, ...]] = {
    "parsers.scoring._MARGIN": (0.5, 2.0),
    "parsers.scoring._MARGIN_UNEXPLAINED": (1.0, 4.0),
    "parsers.extract.FORM_MARGIN": (0.5, 2.0),
    "parsers.records._SURE_FIT": (0.45, 1.1),
    "parsers.loose._SURE_FIT": (0.45, 1.1),
    "parsers.inlines._STRONG_FIT": (0.45, 1.1),
    "parsers.labels._TWO_EDITS_FROM": (5, 20),
    "parsers.labels.LABEL_LIMIT": (12, 48),
    "parsers.scoring._VALUE": (0.25, 1.0),
    "parsers.scoring._FIT": (0.75, 3.0),
    "parsers.scoring._MISFIT": (1.0, 4.0),
    "parsers.scoring._BLANK": (0.0, 0.4),
    "parsers.scoring._NO_CELL": (-0.6, 0.0),
    "parsers.scoring._PLACEHOLDER": (0.0, 0.6),
    "parsers.scoring._FOREIGN_VALUE": (0.0, 0.6),
    "parsers.scoring._UNEXPLAINED": (-2.0, -0.5),
    "parsers.scoring._LABEL_AS_VALUE": (-6.0, -1.5),
    "parsers.scoring._FUNCTION_AS_VALUE": (-2.0, -0.5),
    "parsers.scoring._DUPLICATE": (-3.0, -0.75),
    "parsers.scoring._PERSON": (-0.6, 0.0),
    "parsers.scoring._NOBODY": (-5.0, -1.25),
    "parsers.scoring._DOUBT": (-0.8, 0.0),
    "parsers.scoring._INEXACT": (-0.2, 0.0),
    "parsers.scoring._PRIOR": (
        {"beside": 0.0, "header": 0.0, "below": 0.0},
        {"beside": 0.12, "header": 0.08, "below": 0.04},
    ),
    "parsers.recognize._PRIMARY": (0.6, 2.0),
    "parsers.recognize._ALIAS": (0.3, 1.0),
    "parsers.recognize._UNIQUE": (0.0, 0.4),
    "parsers.recognize.HEADED": (1.25, 5.0),
    "parsers.recognize._NAMED_BY_FILE": (0.0, 0.6),
    "parsers.recognize._HEADING_REACH": (4, 16),
    "parsers.recognize._SAMPLE_REACH": (1, 4),
    "parsers.recognize._LONG_LINE": (40, 160),
    "parsers.recognize._LAYOUT_LINES": (3, 12),
    "parsers.headings._HEADING_CHARACTERS": (30, 120),
    "parsers.inlines._STYLE_LINES": (2, 6),
    "parsers.inlines._GAP_LINES": (1, 4),
    "parsers.inlines._WRAPPED_CHARACTERS": (15, 60),
    "parsers.inlines._ENTRIES_IN_SENTENCE": (1, 6),
    "parsers.extract._PLAIN_VALUES": (1, 6),
    "parsers.extract._PARTIAL_BEFORE": (1, 6),
    "parsers.extract._PARTIAL_CHARACTERS": (15, 60),
    "parsers.entries.SPELLED_CHARACTERS": (2, 8),
    "parsers.pairing._LABEL_CHARACTERS": (5, 20),
    "parsers.people._HEADERS_LIMIT": (2, 8),
    "parsers.parse._SUSPECT_LEFTOVERS": (20, 80),
    "parsers.parse._PROSE_CHARACTERS": (750, 3_000),
    "parsers.parse._PASTED_CHARACTERS": (200, 800),
    "parsers.parse._NOTHING_BUT_PICTURES": (10, 40),
    "intake.dossier._SIGNATURE_LINES": (4, 16),
    "intake.contradiction._SHORTEST_VALUE": (1, 4),
    "intake.phrases._COURTESY_REST": (12, 48),
    "intake.phrases._ABSENCE_LENGTH": (60, 120),
    "intake.spoken._SHORT": (100, 400),
    "intake.pieces._LOGO_BYTES": (4_000, 16_000),
    "intake.quotes._BLOCK_LINES": (4, 14),
    "intake.quotes._WROTE_TAIL": (50, 200),
    "intake.quotes._WROTE_LINES": (1, 6),
    "intake.prose._MINIMUM_CHARACTERS": (30, 120),
    "intake.prose._BODY_MINIMUM": (150, 600),
    "intake.prose._TITLE_LINES": (3, 12),
    "intake.prose._SIGNATURE_LIMIT": (20, 80),
    "parsers.agreement._LIKELY": (0.2, 0.8),
    "parsers.agreement._STRANGE_LABELS": (1, 4),
    "parsers.agreement._LACKING_LABELS": (1, 4),
}
WITH_BLANK = "parsers.agreement."  # what compares with the office's own form: nothing calls it without `--blank`


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case with its mail and what the office has set for it."""

    case: Case
    raw: bytes
    settings: Settings


def prepared(cases: Sequence[Case], *, blank: bool) -> list[Prepared]:
    """Given cases, return them with their mails."""
    return [Prepared(one, raw_mail(one), settings_of(one, blank=blank)) for one in cases]


def chosen(names: Sequence[str], *, blank: bool) -> dict[str, tuple[Number, ...]]:
    """Given names as typed (`_MARGIN`, `scoring`, `parsers.scoring._MARGIN`, `_MARGIN=0,8`; none: all), return what to try.

    Raise ValueError for a name that fits none of `TRIED`, and for a value that is no number.
    """
    if not names:
        return {name: values for name, values in TRIED.items() if blank or not name.startswith(WITH_BLANK)}
    found: dict[str, tuple[Number, ...]] = {}
    for typed in names:
        asked, _, given = typed.partition("=")
        fitting = [name for name in TRIED if f".{asked}." in f".{name}."]
        if not fitting:
            raise ValueError(f"{asked}: no threshold of the table in {__name__}")
        values = tuple(float(one) if "." in one else int(one) for one in given.split(",")) if given else ()
        found |= {name: values or TRIED[name] for name in fitting}
    return found


def measured(trials: Mapping[str, Sequence[Number]], mails: Sequence[Prepared]) -> Iterator[str]:
    """Given the values to try of each constant, yield the lines of a table; a constant is as it was after its rows."""
    yield "| constant | value | right | asked | silent | lost | beside | otherwise |"
    yield "| --- | ---: |" + " ---: |" * 6
    usual = [_read(one) for one in mails]
    yield _row("all as it is", "", usual, usual)
    for name, values in trials.items():
        for value in values:
            with changed(name, value):
                yield _row(name, _told(value), [_read(one) for one in mails], usual)


def _read(one: Prepared) -> Verdict:
    examined = examine_mail(one.raw, worker=HERE, settings=one.settings, roster=ROSTER)
    return compare(one.case, examined.assessment)


def _row(name: str, value: str, verdicts: Sequence[Verdict], usual: Sequence[Verdict]) -> str:
    total: Counter[str] = Counter()
    for one in verdicts:
        total.update(right=one.right, asked=len(one.asked), silent=len(one.silent))
        total.update(lost=len(one.lost), beside=len(one.beside))
    otherwise = sum(one != other for one, other in zip(verdicts, usual, strict=True))
    figures = [total[column] for column in ("right", "asked", "silent", "lost", "beside")]
    return f"| {name} | {value} | {' | '.join(str(figure) for figure in (*figures, otherwise))} |"


def _told(value: Number) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "/".join(f"{part:g}" for part in value.values())


@contextmanager
def changed(name: str, value: Number) -> Iterator[None]:
    """Given a constant as `module.NAME`, set it in its module and wherever it is imported by name, and back at the end.

    Raise ValueError if no function of these modules looks it up: then the value is built into something else already.
    """
    place, _, attribute = name.rpartition(".")
    home = import_module(place)
    usual = getattr(home, attribute)
    users = [home, *(module for module in _ours() if module is not home and _imports(module, place, attribute))]
    parameter = attribute.strip("_").lower()  # `style_lines: int = _STYLE_LINES` is looked up once, at the import
    defaults = [found for found in map(_keyword_defaults, vars(home).values()) if found.get(parameter) is usual]
    if not defaults and not any(_looks_up(module, attribute) for module in users):
        raise ValueError(f"{name}: no function looks it up")
    try:
        for module in users:
            setattr(module, attribute, value)
        for found in defaults:
            found[parameter] = value
        _forget()
        yield
    finally:
        for module in users:
            setattr(module, attribute, usual)
        for found in defaults:
            found[parameter] = usual
        _forget()


def _ours() -> list[ModuleType]:
    return [module for name, module in [*sys.modules.items()] if name.partition(".")[0] in {"parsers", "intake"}]


def _imports(module: ModuleType, place: str, attribute: str) -> bool:
    if attribute not in vars(module):
        return False
    return any(
        isinstance(node, ast.ImportFrom) and node.module == place and any(one.name == attribute for one in node.names)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
    )


def _looks_up(module: ModuleType, attribute: str) -> bool:
    functions = [one for one in vars(module).values() if inspect.isroutine(one) or inspect.isclass(one)]
    members = [inner for one in functions if inspect.isclass(one) for inner in vars(one).values()]
    codes = [_code(one) for one in (*functions, *members)]
    return any(attribute in _names(code) for code in codes if code is not None)


def _keyword_defaults(one: object) -> dict[str, object]:
    return (one.__kwdefaults__ or {}) if isinstance(one, FunctionType) else {}


def _code(one: object) -> CodeType | None:
    if isinstance(one, property):
        one = one.fget
    one = inspect.unwrap(one) if callable(one) else one
    return one.__code__ if isinstance(one, FunctionType) else None


def _names(code: CodeType) -> set[str]:
    inner = [_names(const) for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*inner)


def _forget() -> None:
    """Clear what functions remember: it was made with the other value."""
    for module in _ours():
        for one in [*vars(module).values()]:
            if hasattr(one, "cache_clear"):
                one.cache_clear()
