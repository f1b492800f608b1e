"""`python -m tests.contract [--forms N] [--only WORD] [--seed S]`: every container read back; prints the table of the README.

The files go the way of a real attachment: through the locked worker and the engines of this machine. Exit status 1 if a
container is below its goal: text 99.5 % of fields right, PDF 99 %, scans 95 %, and nowhere a silent error.
"""

import argparse
import sys
import time

from intake.read import read_document
from parsers.isolate import Worker
from parsers.services import Services
from tests.builders.forms import AREA_CODE, FORMS
from tests.contract.producers import CONTAINERS, PRINTED, SCANNED, filled_forms
from tests.contract.scoring import Score, judge

_GOALS = {**dict.fromkeys(CONTAINERS, 99.5), **dict.fromkeys(PRINTED, 99.0), **dict.fromkeys(SCANNED, 95.0)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("--forms", type=int, default=30, help="filled forms a container")
    parser.add_argument("--only", default="", help="containers whose name holds this")
    parser.add_argument("--seed", default="", help="other people, units and values")
    parser.add_argument("--no-scans", action="store_true", help="leave scans out, which take most of the time")
    parser.add_argument(
        "--only-silent", action="store_true", help="fail for silent errors alone: few forms make no share"
    )
    parser.add_argument("--list", action="store_true", help="say what was not right")
    parser.add_argument("--addresses", type=int, default=0, metavar="N", help="measure N addresses of mail instead")
    arguments = parser.parse_args()
    if arguments.addresses:
        from tests.contract import addresses  # noqa: PLC0415 - needs the OCR extra

        print("\n".join(addresses.measure(arguments.addresses, arguments.seed)))
        return 0
    forms = filled_forms(arguments.forms, seed=arguments.seed)
    print(
        "| 容器 | 份 | 栏目 | 读对 | 请核对 | 悄悄读错 | 毫秒/份 |\n| --- | --- | --- | --- | --- | --- | --- |",
        flush=True,
    )
    below: list[str] = []
    with Worker(handlers="intake.unpack", service=Services()) as worker:
        for name, produce in CONTAINERS.items():
            if arguments.only not in name or (arguments.no_scans and name in SCANNED):
                continue
            files = produce(forms)
            score, faults, started = Score(), [], time.perf_counter()
            for one, (file, data) in zip(forms, files.items(), strict=True):
                reading = read_document(worker, data, file, FORMS, area_code=AREA_CODE).document
                faults += judge(one, reading, score)
            each = (time.perf_counter() - started) * 1000 / len(forms)
            share = 100 * score.right / score.fields
            print(
                f"| {name} | {len(forms)} | {score.fields} | {share:.1f} % | {score.asked} | {score.silent} | {each:.0f} |",
                flush=True,
            )
            if score.silent or (share < _GOALS[name] and not arguments.only_silent):
                below.append(name)
            if arguments.list or score.silent:
                print("\n".join(f"  {fault}" for fault in faults), file=sys.stderr)
    goal = "no silent error" if arguments.only_silent else "all containers reach their goal"
    print(f"\n{len(below)} below their goal: {', '.join(below)}" if below else f"\n{goal}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
