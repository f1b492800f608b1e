"""`python -m tests.rig [PART …] [--long | --share S] [--seed S]`: the rig; prints part, runs, faults, violations, time.

Exit status 1 if an invariant did not hold, in CI also if a part could not be run: nothing may be hidden there.
The short form takes some minutes on two cores; .ci/run takes a share.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from tests.rig import canary, clock, crash, disk, hostile, loops, restarts, sandbox, soak, upkeep, wire, world
from tests.rig.report import Outcome, table

PROCESSES = os.cpu_count() or 1


class Size:
    """How much of the long form is run: all of it, or a share; None is the short form."""

    def __init__(self, share: float | None) -> None:
        self.long = share is not None
        self._share = share or 0.0

    def of(self, whole: int, short: int) -> int:
        """Return a count: `short` in the short form, else the share of the whole."""
        return max(short, round(whole * self._share)) if self.long else short


PARTS: Mapping[str, Callable[[Size, int], Outcome]] = {
    "crash": lambda size, seed: crash.run(runs=size.of(5_000, 40), seed=seed, processes=PROCESSES),
    "restarts": lambda size, seed: restarts.run(restarts=size.of(200, 4), seed=seed),
    "upkeep": lambda size, seed: upkeep.run(kills=size.of(200, 2), seed=seed),
    "wire": lambda size, seed: wire.run(long=size.long, seed=seed),
    "disk": lambda size, seed: disk.run(long=size.long, seed=seed),
    "clock": lambda size, seed: clock.run(long=size.long, seed=seed),
    "loops": lambda size, seed: loops.run(long=size.long, seed=seed),
    "hostile": lambda size, seed: hostile.run(long=size.long, seed=seed),
    "sandbox": lambda size, seed: sandbox.run(long=size.long, seed=seed),
    "canary": lambda size, seed: canary.run(long=size.long, seed=seed),
    "world": lambda size, seed: world.run(
        seeds=size.of(300, 3), steps=200 if size.long else 40, seed=seed, processes=PROCESSES
    ),
    "soak": lambda size, seed: soak.run(days=size.of(365, 1), seed=seed),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Given the arguments, run the parts and print their table. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)}; default: all")
    parser.add_argument("--long", action="store_true", help="the counts of the issue; some hours on two cores")
    parser.add_argument("--share", type=float, metavar="S", help="a share of the long form, such as 0.1")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    size = Size(1.0 if arguments.long else arguments.share)
    outcomes = []
    for name, run in PARTS.items():
        if not arguments.parts or name in arguments.parts:
            outcomes.append(run(size, arguments.seed))
            print(table(outcomes[-1:]).splitlines()[2], file=sys.stderr, flush=True)
    print(table(outcomes))
    hidden = [one for one in outcomes if one.skipped and os.environ.get("CI")]
    return 1 if hidden or any(one.violations for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
