"""`python -m tests.understanding --forms N | --mutations N [--thresholds] …`: forms with known truth, read and judged.

``--forms`` draws forms with faults and prints a row for each container, layout, wording, surrounding and faulty value;
``--mutations`` damages one thing (``--faults 2``: two, in two fields) in forms that are read right and prints a row for each
kind of damage (the second). What went wrong is
printed with the smallest page that still shows it. ``--thresholds [NAME ...]`` reads both with each threshold lower, as it
is, and higher (`thresholds.TRIED`) and prints a row for each value. Exit status 1 if anything was stored or lost without asking.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from intake.model import Disposition
from tests.understanding.generate import Case, case
from tests.understanding.judge import Verdict, judge
from tests.understanding.layouts import blocks
from tests.understanding.mutate import DAMAGES, damaged, damaged_twice
from tests.understanding.page import Table
from tests.understanding.thresholds import chosen, measured, prepared

_LETTER = Case.__dataclass_fields__["text"].default
_SHOWN = 3  # cases a class of error


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.understanding", description=__doc__)
    parser.add_argument("--forms", type=int, default=0, metavar="N", help="forms with faulty values")
    parser.add_argument("--mutations", type=int, default=0, metavar="N", help="damages of correct forms")
    parser.add_argument("--faults", type=int, default=1, choices=(1, 2), help="damages in one form")
    parser.add_argument("--seed", default="1", help="other people, units and values")
    parser.add_argument("--blank", action="store_true", help="the office has given its own blank forms")
    parser.add_argument("--list", action="store_true", help="print every error, not three of a class")
    parser.add_argument("--only-silent", action="store_true", help="fail for values stored wrongly, not for lost ones")
    parser.add_argument("--thresholds", nargs="*", metavar="NAME[=VALUES]", help="with each (all) lower and higher")
    arguments = parser.parse_args()
    if arguments.thresholds is not None:
        return _thresholds(parser, arguments)
    shown = sys.maxsize if arguments.list else _SHOWN
    total: Counter[str] = Counter()
    if arguments.forms:
        total += _forms(arguments.forms, arguments.seed, shown, blank=arguments.blank)
    if arguments.mutations:
        total += _mutations(arguments.mutations, arguments.seed, shown, arguments.faults, blank=arguments.blank)
    return 1 if total["silent"] or (total["lost"] and not arguments.only_silent) else 0


def _thresholds(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    seed: str = arguments.seed
    try:
        trials = chosen(arguments.thresholds, blank=arguments.blank)
    except ValueError as error:
        parser.error(str(error))
    cases = [case(f"{seed}/{number}") for number in range(arguments.forms)]
    cases += [one for _, one in _damaged_cases(arguments.mutations, seed)]
    for line in measured(trials, prepared(cases, blank=arguments.blank)):
        print(line, flush=True)
    return 0


def _forms(count: int, seed: str, shown: int, *, blank: bool) -> Counter[str]:
    tallies: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    errors: dict[str, list[tuple[Case, Verdict]]] = defaultdict(list)
    for number in range(count):
        one = case(f"{seed}/{number}")
        verdict = judge(one, blank=blank)
        for entry in {("all", "all"), *one.classes}:
            tally = tallies[entry]
            tally.update(forms=1, fields=verdict.fields, right=verdict.right, asked=len(verdict.asked))
            tally.update(fitting=verdict.fitting)
            tally.update(silent=len(verdict.silent), lost=len(verdict.lost), beside=len(verdict.beside))
            tally[verdict.disposition.value] += 1
        if verdict.wrong or verdict.beside:
            errors[_error_class(one)].append((one, verdict))
    print(
        "| class | forms | fields | right | asked | silent | lost | beside | put right | accepted | correction | review |"
    )
    print("| --- |" + " ---: |" * 11)
    for (dimension, name), tally in sorted(tallies.items()):
        shares = [f"{100 * tally[one.value] / tally['forms']:.0f} %" for one in _DISPOSITIONS]
        cells = [str(tally[name]) for name in ("forms", "fields", "right", "asked", "silent", "lost", "beside")]
        cells.append(f"{100 * tally['fitting'] / tally['forms']:.1f} %")
        print(f"| {dimension}: {name} | {' | '.join((*cells, *shares))} |")
    for name, found in sorted(errors.items()):
        print(f"\n## {name}: {len(found)}")
        for one, verdict in found[:shown]:
            print("\n".join(_shown(*_smallest(one, verdict))))
    return tallies["all", "all"]


_DISPOSITIONS = (Disposition.ACCEPTED, Disposition.CORRECTION, Disposition.REVIEW)


def _error_class(one: Case) -> str:
    return next((name for dimension, name in one.classes if dimension == "value"), one.sheets[0].layout)


def _mutations(count: int, seed: str, shown: int, faults: int, *, blank: bool) -> Counter[str]:
    tallies: dict[str, Counter[str]] = {kind: Counter() for kind in DAMAGES}
    errors: dict[str, list[tuple[Case, Verdict]]] = defaultdict(list)
    for kind, one in _twice_damaged(count, seed) if faults == 2 else _damaged_cases(count, seed):
        verdict = judge(one, blank=blank)
        outcome = outcome_of(verdict)
        tallies[kind][outcome] += 1
        if outcome in {"silent", "lost", "beside"}:
            errors[kind].append((one, verdict))
    print("| damage | cases | caught | harmless | silent | lost | beside |\n| --- |" + " ---: |" * 6)
    total: Counter[str] = Counter()
    for tally in tallies.values():
        total.update(tally)
    for kind, tally in (*tallies.items(), ("all", total)):
        cells = [str(tally[name]) for name in ("caught", "harmless", "silent", "lost", "beside")]
        print(f"| {kind} | {tally.total()} | {' | '.join(cells)} |")
    for kind, found in errors.items():
        print(f"\n## {kind}: {len(found)}")
        for one, verdict in found[:shown]:
            print("\n".join(_shown(one, verdict)))
    return total


def outcome_of(verdict: Verdict) -> str:
    """Given what came of a damaged form, return its column: the worst thing that happened."""
    if verdict.silent:
        return "silent"
    if verdict.lost:
        return "lost"
    if verdict.disposition is Disposition.ACCEPTED:
        return "harmless"
    return "beside" if verdict.beside else "caught"


def _right_cases(count: int, seed: str) -> Iterator[Case]:
    """Yield forms that are accepted and right as they stand."""
    for number in range(count + 100):  # if next to nothing is read right, the first table tells
        one = case(f"{seed}/{number}", faulty=False)
        verdict = judge(one)
        if verdict.disposition is Disposition.ACCEPTED and not verdict.wrong and not verdict.asked:
            yield one


def _twice_damaged(count: int, seed: str) -> Iterator[tuple[str, Case]]:
    """Yield forms with two damages, each kind in turn as the first, with another of its own draw."""
    made = 0
    for one in _right_cases(count, seed):
        draw = random.Random(f"{one.seed} second")
        for first in DAMAGES:
            second = draw.choice(list(DAMAGES))
            other = damaged_twice(one, first, second, one.seed)
            if other is not None:
                made += 1
                yield second, replace(other, classes=(*other.classes, ("first", first), ("second", second)))
            if made >= count:
                return


def _damaged_cases(count: int, seed: str) -> Iterator[tuple[str, Case]]:
    """Yield damages in turn, each of a form that is accepted and right as it stands."""
    made = 0
    for one in _right_cases(count, seed):
        if made >= count:
            return
        for kind in DAMAGES:
            other = damaged(one, kind, one.seed)
            if other is not None and other != one and made < count:
                made += 1
                yield kind, other


def _smallest(one: Case, verdict: Verdict) -> tuple[Case, Verdict]:
    """Take away what is not needed for the error: what stands around, a second form, the wording of the container."""
    for smaller in (
        replace(one, sheets=tuple(replace(sheet, decor=()) for sheet in one.sheets)),
        replace(one, sheets=one.sheets[:1]),
    ):
        again = judge(smaller)
        if again.wrong >= verdict.wrong and (again.wrong or again.beside):
            one, verdict = smaller, again
    return one, verdict


def _shown(one: Case, verdict: Verdict) -> Iterator[str]:
    charset = f" {one.charset} as {one.declared}" if one.declared else ""
    classes = ", ".join(f"{dimension} {name}" for dimension, name in one.classes)
    yield f"{one.seed} ({classes}{charset}): {verdict.disposition}"
    for name in ("silent", "lost", "beside"):
        yield from (f"  {name.upper()} {line}" for line in getattr(verdict, name))
    if one.text != _LETTER:
        yield from (f"    mail: {line}" for line in one.text.splitlines())
    for block in blocks(one):
        yield from ([f"    {block}"] if isinstance(block, str) else _rows(block))


def _rows(table: Table, indent: str = "    ") -> Iterator[str]:
    for row in table:
        texts = [box.ink.text.replace("\n", "⏎") + (f" ~~{box.ink.struck}~~" if box.ink.struck else "") for box in row]
        yield f"{indent}[ {' | '.join(texts)} ]"
        for box in row:
            yield from _rows(box.nested, indent + "      ")


if __name__ == "__main__":
    sys.exit(main())
