"""Containers that are no documents: winmail.dat, .msg, .eml, .gz, .tgz and .tar → the files and the body in them.

Stage before: `sniff` named the kind. In: bytes, kind, budget. Out: members, as `archives.members` gives them for .zip;
`parse` sends each of them the same way as an attachment (a message within a message is a member again), and counts the
depth. Must not: raise anything but ReadFailure, write, reach anything outside.

One module a family does the work: `tnef`, `msg`, `mail`, `tar`; what comes out is counted in `bag`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from parsers.archives import Member
from parsers.document import Budget, FailureCode, ReadFailure
from parsers.packed import mail, msg, tar, tnef
from parsers.packed.bag import Bag
from parsers.sniff import Kind


@dataclass(frozen=True, slots=True)
class _Asked:
    bag: Bag
    budget: Budget
    name: str


_UNPACKERS: Mapping[Kind, Callable[[bytes, _Asked], None]] = {
    Kind.TNEF: lambda data, asked: tnef.unpack(data, asked.bag),
    Kind.MSG: lambda data, asked: msg.unpack(data, asked.bag),
    Kind.EML: lambda data, asked: mail.unpack(data, asked.bag),
    Kind.GZIP: lambda data, asked: tar.unpack_gzip(data, asked.bag, asked.budget, asked.name),
    Kind.TAR: lambda data, asked: tar.unpack_tar(data, asked.bag),
}
KINDS = frozenset(_UNPACKERS)


def members(data: bytes, kind: Kind, budget: Budget, *, name: str = "", depth: int = 0) -> tuple[Member, ...]:
    """Given a container and its kind (one of `KINDS`), return its files and its body (``body.txt``, ``.html``, ``.rtf``).

    `name` is the container's own: a .gz may know no other for what is in it. `depth` is the number of containers around
    this one. Attachments that are links come as members of zero bytes. Raise ReadFailure if it is damaged, hostile or
    over the budget; for a container within one the caller passes what `archives.remaining` leaves.
    """
    if depth >= budget.archive_depth:
        raise ReadFailure(FailureCode.TOO_LARGE, f"archives nested deeper than {budget.archive_depth}")
    bag = Bag(budget)
    try:
        _UNPACKERS[kind](data, _Asked(bag, budget, name))
    except ReadFailure:
        raise
    except (MemoryError, RecursionError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except Exception as error:
        # tarfile and email raise a dozen classes on damaged files, all of which mean the same to the sender.
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in {kind}") from error
    return bag.members()
