"""`python -m tests.units [--rosters N] [--seed S] [--list] [--thresholds]`: names of units as people write them, matched.

Prints a row for each class of writing: right, asked, silently wrong, and of those asked how many offered the right unit.
``--thresholds`` measures the same with each threshold of the matching left and right of its value. Exit status 1 if any
writing was silently taken for another unit.
"""

import argparse
import sys

from tests.units.judge import measure
from tests.units.thresholds import THRESHOLDS, with_value
from tests.units.writing import Written

_SHOWN = 40


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.units", description=__doc__)
    parser.add_argument("--rosters", type=int, default=40, metavar="N", help="rosters to draw")
    parser.add_argument("--seed", default="1", help="other places and other slips")
    parser.add_argument("--list", action="store_true", help="print every writing that was asked about or taken wrongly")
    parser.add_argument("--thresholds", action="store_true", help="measure each threshold left and right of its value")
    arguments = parser.parse_args()
    seeds = [f"{arguments.seed}/{number}" for number in range(arguments.rosters)]
    tally = measure(seeds)
    print("| class | written | right | asked | of them offered | wrong |\n| --- |" + " ---: |" * 5)
    for kind, counted in (*sorted(tally.counts.items()), ("all", tally.all)):
        print(f"| {kind} | {' | '.join(str(counted[one]) for one in _COLUMNS)} |")
    _print_cases("wrong", tally.wrong, sys.maxsize if arguments.list else _SHOWN)
    if arguments.list:
        _print_cases("asked", tally.asked, sys.maxsize)
    if arguments.thresholds:
        _print_thresholds(seeds)
    return 1 if tally.wrong else 0


_COLUMNS = ("written", "right", "asked", "offered", "wrong")


def _print_cases(title: str, cases: list[tuple[str, Written, str]], limit: int) -> None:
    if cases:
        print(f"\n## {title}: {len(cases)}")
    for seed, written, taken in cases[:limit]:
        print(f"{seed} {written.kind}: {written.text!r} is {written.unit}, taken for {taken}")


def _print_thresholds(seeds: list[str]) -> None:
    print("\n| threshold | value | right | asked | of them offered | wrong |\n| --- |" + " ---: |" * 5)
    for threshold in THRESHOLDS:
        for value in threshold.values:
            with with_value(threshold, value):
                counted = measure(seeds).all
            mark = " *" if value == threshold.chosen else ""
            print(f"| {threshold.name} | {value}{mark} | {' | '.join(str(counted[one]) for one in _COLUMNS[1:])} |")


if __name__ == "__main__":
    sys.exit(main())
