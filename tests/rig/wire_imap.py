"""IMAP cut after every byte: of what the server says (FIN and RST), and of what the client says.

In: how many of the cuts. Out: cuts made, violations. One poll of a small mailbox (login, ID, LIST, EXAMINE, SEARCH, FETCH,
a body in pieces, two folders) is recorded through a proxy; then a poll is cut after byte k, and looked at; then comes one
undisturbed poll, and everything must be there. Nothing of a cut literal may be recorded.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.rig.wire_bay import Bay
from tests.servers.proxy import Cut, CuttingProxy, Side


def session_bytes(bay: Bay, proxy: CuttingProxy) -> dict[Side, int]:
    """Record one whole poll and return how many bytes each side said."""
    before = len(proxy.passed)
    told = bay.poll(proxy.port)
    found = [*bay.looks(at_rest=True)]
    if told or found or len(proxy.passed) != before + 1:
        raise RuntimeError(f"an undisturbed poll is no good: {told} {found}")
    bay.empty()
    passed = proxy.passed[-1]
    farewell = passed[Side.SERVER].index(b"* BYE")  # nobody waits for what comes after it
    return {Side.SERVER: farewell, Side.CLIENT: len(passed[Side.CLIENT])}


def cuts(whole: dict[Side, int], *, every: int, draw: random.Random) -> list[Cut]:
    """Return the cuts after every `every`-th byte: server by FIN, client by FIN, server by RST."""
    chosen = [
        Cut(side, after, reset)
        for side, reset in ((Side.SERVER, False), (Side.CLIENT, False), (Side.SERVER, True))
        for after in range(draw.randrange(every), whole[side], every)
    ]
    draw.shuffle(chosen)
    return chosen


def run_cuts(
    folder: Path, *, every: int, seed: int, share: int = 0, of: int = 1, until: str = ""
) -> tuple[int, list[str], str]:
    """Make every `of`-th of the cuts. Return how many were made, what did not hold, and a remark.

    `until`: end when something is found that says so (a planted mistake was seen).
    """
    found: list[str] = []
    with Bay(folder) as bay, CuttingProxy(bay.server.port) as proxy:
        whole = session_bytes(bay, proxy)
        proxy.made = 0
        chosen = cuts(whole, every=every, draw=random.Random(seed))[share::of]
        for number, cut in enumerate(chosen):
            if until and any(until in one for one in found):
                return number, found, "seen"
            found += [
                f"IMAP {cut.side} {cut.after}{' RST' if cut.reset else ''}: {one}" for one in _one(bay, proxy, cut)
            ]
        if proxy.made != len(chosen):
            found.append(f"IMAP: {proxy.made} of {len(chosen)} cuts were made")
        return proxy.made, found, f"IMAP session ({whole[Side.SERVER]:,}+{whole[Side.CLIENT]:,} bytes)"


def _one(bay: Bay, proxy: CuttingProxy, cut: Cut) -> Iterator[str]:
    proxy.cut_next(cut)
    told: Sequence[str] = [bay.poll(proxy.port)]
    yield from bay.looks(at_rest=False)
    told = [*told, bay.poll(proxy.port)]
    yield from (one for one in told if one not in ("", "server"))
    if told[-1]:
        yield "the undisturbed poll failed"
    yield from bay.looks(at_rest=True)
    bay.empty()
