"""Files that hold other files: which kinds they are, and their members. One door for archives and packed mails.

In: bytes and their kind. Out: members one by one, in memory, within the budget. .zip is opened here (`archives`), mails and
their like by `packed`, .rar and .7z by an engine that makes a .zip of them. Must not: write anything anywhere.
"""

from parsers import archives
from parsers.archives import Member
from parsers.document import Budget
from parsers.engines import ARCHIVE_KINDS, Engines
from parsers.packed import members as packed
from parsers.sniff import Kind


def holds_others(kind: Kind) -> bool:
    """Return whether files of this kind are opened for their members."""
    return kind is Kind.ZIP or kind in packed.KINDS or kind in ARCHIVE_KINDS


def members(data: bytes, kind: Kind, budget: Budget, engines: Engines, *, name: str, depth: int) -> tuple[Member, ...]:
    """Given a container called `name`, at `depth` containers deep, return its members. Raise ReadFailure as `archives.members`."""
    if kind in packed.KINDS:
        return packed.members(data, kind, budget, name=name, depth=depth)
    if kind in ARCHIVE_KINDS:
        data = engines.convert(data, kind).data
    return tuple(archives.members(data, budget, depth=depth))
