"""`python -m tests.rig [PART …] [--long] [--seed S]`: the rig; prints part, runs, faults, violations, time.

Exit status 1 if an invariant did not hold. The short form takes some minutes; the long one is for .ci/run.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping

from tests.rig import crash, hostile, restarts, sandbox, soak, world
from tests.rig.report import Outcome, table

PROCESSES = os.cpu_count() or 1

PARTS: Mapping[str, Callable[[bool, int], Outcome]] = {
    "crash": lambda long, seed: crash.run(runs=5_000 if long else 40, seed=seed, processes=PROCESSES),
    "restarts": lambda long, seed: restarts.run(restarts=200 if long else 4, seed=seed),
    "hostile": lambda long, seed: hostile.run(long=long, seed=seed),
    "sandbox": lambda long, seed: sandbox.run(long=long, seed=seed),
    "world": lambda long, seed: world.run(
        seeds=300 if long else 3, steps=200 if long else 40, seed=seed, processes=PROCESSES
    ),
    "soak": lambda long, seed: soak.run(days=365 if long else 1, seed=seed),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)}; default: all")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    outcomes = []
    for name, run in PARTS.items():
        if not arguments.parts or name in arguments.parts:
            outcomes.append(run(arguments.long, arguments.seed))
            print(table(outcomes[-1:]).splitlines()[2], file=sys.stderr, flush=True)
    print(table(outcomes))
    return 1 if any(one.violations for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
