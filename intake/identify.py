"""Which unit a form is from, by which evidence, and how far its sender may speak for it. Pure.

Stage before: `roster` (names → units). Stage after: `assess`. Evidence in order of trust (facts/users.md §2):
what is written in the form's own unit field; the heading of a free document, the file name, the subject; the signature;
the letter of ours that is answered; the sender's address. What stands in the form is never overridden: a name that is
not on the roster, or might be two units, goes to a person with the candidates.

Weaker evidence completes a form whose unit field is empty or missing, but only where it points to one unit: two
sources that name different units are a question, not an answer. The sender's address alone contradicts nobody
(colleagues and private mailboxes forward; WeChat files travel), it only decides where all others are silent. Two clues of
different kinds that name one other unit, where none names the form's, are a question too (`doubted`): somebody attached
another's form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from intake.authentication import Authentication
from intake.model import CellState, MailHead, StoredSubmission, Trust, UnitName
from intake.pieces import is_given
from intake.roster import Roster, Unit
from parsers.forms import FieldReading, Problem, ProblemCode


class Source(StrEnum):
    """Where the unit was found, strongest first."""

    FIELD = "field"
    TITLE = "title"
    FILE_NAME = "file_name"
    SUBJECT = "subject"
    SIGNATURE = "signature"
    LETTER = "letter"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Finding:
    """The unit found, or the problem of finding it. `text` is the evidence as it stands. `notes` are Chinese remarks."""

    unit: UnitName | None = None
    source: Source | None = None
    text: str = ""
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clue:
    """Units that one source names, with the text in which they stand."""

    source: Source
    units: frozenset[UnitName]
    text: str


@dataclass(frozen=True, slots=True)
class MailClues:
    """What the mail as a whole says about the unit, strongest first; the same for all its files."""

    clues: tuple[Clue, ...]
    sender_units: frozenset[UnitName]


def mail_clues(
    head: MailHead,
    signature: Iterable[str],
    *,
    roster: Roster,
    confirmed: Mapping[str, frozenset[UnitName]],
    answered_unit: UnitName | None,
) -> MailClues:
    """Given the head of a mail and the lines of its signature, return what they say about the unit."""
    known = {UnitName(unit.name) for unit in roster.by_address(head.from_address)} if head.from_address else set()
    sender = frozenset(known | confirmed.get(head.from_address, frozenset()))
    lines = [*signature, head.from_name]
    clues = [
        clue_in(head.subject, Source.SUBJECT, roster),
        *(clue_in(line, Source.SIGNATURE, roster) for line in lines if line.strip()),
    ]
    if answered_unit is not None:
        clues.append(Clue(Source.LETTER, frozenset({answered_unit}), ""))
    clues.append(Clue(Source.SENDER, sender, head.from_address))
    return MailClues(tuple(clue for clue in clues if clue.units), sender)


def clue_in(text: str, source: Source, roster: Roster) -> Clue:
    """Given a text that may name units, return them as a clue (possibly of no unit)."""
    return Clue(source, frozenset(UnitName(unit.name) for unit in roster.find_in(text)), text)


def written_unit(fields: Iterable[FieldReading], key: str | None) -> str:
    """Given the fields of a form, return what stands in its unit field; "" if nothing does, or only a stroke."""
    for field in fields:
        if key is not None and field.key == key and is_given(field):
            return field.value if isinstance(field.value, str) else field.raw
    return ""


def identify(written: str, own_clues: Iterable[Clue], mail: MailClues, *, roster: Roster, field: str | None) -> Finding:
    """Given what a form's unit field says ("" = nothing) and the other clues, return the unit or the problem.

    `own_clues` are those of the form's own file (heading, file name, 落款); `field` is the key of the unit field.
    """
    if written.strip():
        return _as_written(written.strip(), mail, roster, field)
    clues = [*(clue for clue in own_clues if clue.units), *mail.clues]
    return _by_clues(clues, field)


_ENOUGH = 2  # kinds of clue that name another unit than the form
# What tells who sends is one witness: a colleague's signature and his address say the same thing.
_WHO_SENDS = frozenset({Source.SIGNATURE, Source.LETTER, Source.SENDER})


def doubted(
    finding: Finding, own_clues: Iterable[Clue], mail: MailClues, *, roster: Roster, field: str | None
) -> Finding:
    """Given the unit written in a form, return it doubted if file name, subject and sender agree on one other unit.

    Two of them must, and none may name the form's own. A body and its parts (a town, its villages) speak for each other.
    """
    unit = finding.unit
    if unit is None or finding.source is not Source.FIELD or finding.problem is not None:
        return finding
    kinds: dict[Source, frozenset[UnitName]] = {}
    for clue in (*own_clues, *mail.clues):
        kind = Source.SENDER if clue.source in _WHO_SENDS else clue.source
        kinds[kind] = kinds.get(kind, frozenset()) | clue.units
    named = [units for units in kinds.values() if units]
    if any(unit in units or len(units) > 1 for units in named) or len(named) < _ENOUGH or len(set(named)) > 1:
        return finding
    (other,) = named[0]
    if _belong_together(roster.unit(unit), roster.unit(other)):
        return finding
    problem = Problem(ProblemCode.AMBIGUOUS, field, given=finding.text, detail=f"{unit}、{other}")
    return replace(finding, problem=problem)


def _belong_together(first: Unit, second: Unit) -> bool:
    """Return whether a name of one begins with a name of the other: 青石镇, 青石镇东山村."""
    return any(one.startswith(other) or other.startswith(one) for one in first.names for other in second.names)


def trust_of(
    address: str,
    unit: UnitName | None,
    *,
    roster: Roster,
    confirmed: Mapping[str, frozenset[UnitName]],
    refuted: bool = False,
) -> Trust:
    """Given a sender's address, return how well we know that it may speak for `unit`; not at all if it is refuted."""
    if unit is None or not address or refuted:
        return Trust.UNKNOWN
    if any(known.name == unit for known in roster.by_address(address)):
        return Trust.ROSTER
    return Trust.CONFIRMED if unit in confirmed.get(address, frozenset()) else Trust.UNKNOWN


_TRUST_RANK = {Trust.UNKNOWN: 0, Trust.CONFIRMED: 1, Trust.ROSTER: 2}


def less_trusted(
    trust: Trust,
    address: str,
    former: Iterable[StoredSubmission],
    *,
    proof: Authentication,
    roster: Roster,
    confirmed: Mapping[str, frozenset[UnitName]],
) -> bool:
    """Given a sender and the submissions in force of his unit, return whether he may not replace them unseen.

    Who gave an accepted version is at least confirmed by it; a newcomer below that is less trusted. What still waits to
    be mended is protected by its sender's own standing: a stranger may not mend it either. A mail that surely came by
    other servers than its From names may mend, but replaces nothing that is accepted: such a From is what a forger
    writes, and what some offices' systems write as well.
    """
    former = tuple(former)
    if not address:
        return bool(former)  # two mails of nobody are not of one sender, nor is a paper copy's
    if proof.disowned and any(old.state is CellState.ACCEPTED for old in former):
        return True
    if proof.refuted:
        return bool(former)
    if any(old.from_address == address for old in former):
        return False
    ranks = [
        max(
            _TRUST_RANK[trust_of(old.from_address, old.unit, roster=roster, confirmed=confirmed)],
            _TRUST_RANK[Trust.CONFIRMED if old.state is CellState.ACCEPTED else Trust.UNKNOWN],
        )
        for old in former
    ]
    return _TRUST_RANK[trust] < max(ranks, default=0)


def _as_written(written: str, mail: MailClues, roster: Roster, field: str | None) -> Finding:
    match = roster.match(written)
    if match.unit is None:
        names = _names(match.rivals)
        code = ProblemCode.AMBIGUOUS if match.rivals else ProblemCode.UNKNOWN_UNIT
        return Finding(None, Source.FIELD, written, Problem(code, field, given=written, detail=names))
    unit = UnitName(match.unit.name)
    if not match.certain:
        names = _names((match.unit, *match.rivals))
        return Finding(unit, Source.FIELD, written, Problem(ProblemCode.AMBIGUOUS, field, given=written, detail=names))
    notes: tuple[str, ...] = ()
    if mail.sender_units and unit not in mail.sender_units:
        notes = (f"发件邮箱登记在{'、'.join(sorted(mail.sender_units))}名下，表中单位为{unit}",)
    return Finding(unit, Source.FIELD, written, notes=notes)


SOURCE_WORDS: Mapping[Source, str] = {
    Source.TITLE: "标题",
    Source.FILE_NAME: "文件名",
    Source.SUBJECT: "邮件主题",
    Source.SIGNATURE: "落款或发件人名称",
    Source.LETTER: "所回复的信件",
    Source.SENDER: "发件邮箱",
}


def _by_clues(clues: list[Clue], field: str | None) -> Finding:
    if not clues:
        return Finding(problem=Problem(ProblemCode.UNKNOWN_UNIT, field))
    first = clues[0]
    if len(first.units) > 1:
        narrowed = [first.units & other.units for other in clues[1:] if len(first.units & other.units) == 1]
        if not narrowed or any(one != narrowed[0] for one in narrowed):
            return _ambiguous(first, first.units, field)
        first = Clue(first.source, narrowed[0], first.text)
    (unit,) = first.units
    others = [clue for clue in clues[1:] if clue.source is not Source.SENDER and unit not in clue.units]
    if others:
        return _ambiguous(first, first.units.union(*(clue.units for clue in others)), field)
    return Finding(unit, first.source, first.text, notes=(f"单位依据{SOURCE_WORDS[first.source]}确定为{unit}",))


def _ambiguous(clue: Clue, units: frozenset[UnitName], field: str | None) -> Finding:
    problem = Problem(ProblemCode.AMBIGUOUS, field, given=clue.text, detail="、".join(sorted(units)))
    return Finding(None, clue.source, clue.text, problem)


def _names(units: Iterable[Unit]) -> str:
    return "、".join(unit.name for unit in units)
