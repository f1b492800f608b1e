"""What a part of the rig came to, and the table of all parts. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SHOWN = 5  # violations of a part that are printed in full


@dataclass(frozen=True, slots=True)
class Outcome:
    """One part: how many runs, how many faults were put into them, what of the invariants did not hold.

    `remark` says in a word or two what the figures do not. A part that could not be run here has `skipped` for a reason.
    """

    part: str
    runs: int
    faults: int
    violations: tuple[str, ...]
    seconds: float
    remark: str = ""
    skipped: str = ""


def table(outcomes: Sequence[Outcome]) -> str:
    """Given what the parts came to, return the table as Markdown, the violations below it."""
    lines = ["| part | runs | faults | violations | seconds | remark |", "|---|---:|---:|---:|---:|---|"]
    for one in outcomes:
        remark = f"not run: {one.skipped}" if one.skipped else one.remark
        lines.append(
            f"| {one.part} | {one.runs:,} | {one.faults:,} | {len(one.violations)} | {one.seconds:.0f} | {remark} |"
        )
    return "\n".join([*lines, *_violations(outcomes)])


def _violations(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for one in outcomes:
        for text in one.violations[:_SHOWN]:
            yield f"{one.part}: {text}"
        if len(one.violations) > _SHOWN:
            yield f"{one.part}: … {len(one.violations) - _SHOWN} more"
