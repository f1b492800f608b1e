"""Whom a writing was taken for: right, asked, or silently wrong.

*right*: the unit that is meant, for certain; or no certain unit where nobody of the roster is meant. *asked*: a question
where a unit is meant; `offered` tells whether it is among the candidates. *wrong*: another unit for certain.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from intake.roster import Roster
from tests.units.rosters import draw_roster
from tests.units.writing import Written, names, phrases


@dataclass(slots=True)
class Tally:
    """Counts of each class, and the writings that were taken for somebody else, with whom."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[tuple[str, Written, str]] = field(default_factory=list)
    asked: list[tuple[str, Written, str]] = field(default_factory=list)

    @property
    def all(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for counted in self.counts.values():
            total.update(counted)
        return total


def measure(seeds: Iterable[str]) -> Tally:
    """Given the seeds of rosters, return what came of every writing drawn for them."""
    tally = Tally()
    for seed in seeds:
        drawn = draw_roster(seed)
        for written in (*names(drawn, seed), *phrases(drawn, seed)):
            outcome, taken = judge(drawn.roster, written)
            tally.counts[written.kind].update(written=1, **{outcome.split()[0]: 1})
            if outcome == "asked offered":
                tally.counts[written.kind]["offered"] += 1
            if outcome == "wrong":
                tally.wrong.append((seed, written, taken))
            elif outcome.startswith("asked"):
                tally.asked.append((seed, written, taken))
    return tally


def judge(roster: Roster, written: Written) -> tuple[str, str]:
    """Given a writing, return its outcome and whom the program took it for."""
    if written.longer:
        found = [unit.name for unit in roster.find_in(written.text)]
        sure, candidates = (found[0] if len(found) == 1 else None), found
    else:
        match = roster.match(written.text)
        candidates = [unit.name for unit in ((match.unit, *match.rivals) if match.unit else match.rivals)]
        sure = match.unit.name if match.unit and match.certain else None
    taken = "、".join(candidates) or "-"
    if sure == written.unit:
        return "right", taken
    if sure is not None:
        return "wrong", taken
    return ("asked offered" if written.unit in candidates else "asked"), taken
