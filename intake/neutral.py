"""What is said before anything is decided, and what a unit hears of a mail that others sent in its name. Pure.

Stage before: `assess`. Stage after: `letters`. `reply` asks for it: one neutral line a thread where a person must look; a
word to the unit's address on the roster where the sender is refuted or is not who gave what is replaced. Must not: repeat
a value of a form.
"""

import hashlib
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from intake import phrases, reasons
from intake.dossier import Known
from intake.drafting import Incoming, answer_to
from intake.echo import shown
from intake.fault_words import foreign_kind
from intake.model import Assessment, CellState, Disposition, Draft, LetterKind, MailReading, PartRole, UnitName
from intake.roster import Roster
from intake.settings import Campaign
from parsers.forms import ProblemCode
from parsers.text import fold

SHANGHAI = ZoneInfo("Asia/Shanghai")
_ANSWER_MARKS = re.compile(r"(?:\s*(?:re|fw|fwd|回复|答复|转发|回覆|轉發)\s*[:\uff1a])+", re.IGNORECASE)
_REFERENCE = re.compile("\u3014[^\u3015]{0,20}\u3015")


def neutral(
    assessment: Assessment,
    reading: MailReading,
    incoming: Incoming,
    campaign: Campaign,
    *,
    familiar: bool,
    mends: bool,
) -> Draft:
    """Return the one line that a thread gets while a person looks: a question's, or that a mail has come.

    Subject and file names are the sender's own text: they are repeated to addresses that we know only.
    """
    kinds = [one.problem for one in assessment.file_problems]
    told = {problem.code for one in assessment.submissions for problem in one.problems}
    none_of = [one.form for one in assessment.submissions] if told == {ProblemCode.NOT_APPLICABLE} else []
    question = none_of or (not assessment.submissions and {one.code for one in kinds} == {ProblemCode.QUESTION})
    names = [part.name for part in reading.parts if part.role is PartRole.ATTACHMENT and part.name]
    context: dict[str, object] = {
        "received_at": incoming.arrived_at.isoformat(),
        "files": [shown(name) for name in dict.fromkeys(names)] if familiar else [],
        "subject_line": shown(reading.head.subject) if familiar else "",
        "pending_update": ProblemCode.UNTRUSTED_SENDER in told,
        "mends": mends,
        "corrects": reasons.CORRECTED_IN_WORDS in assessment.reasons,
        "none_of": [campaign.collection(form).form.title for form in none_of],
        "withdraws": reasons.WITHDRAWN in assessment.reasons,
        "foreign_kinds": list(dict.fromkeys(filter(None, map(foreign_kind, kinds)))),
        "unverified": False,
        "replaced": [],
    }
    key = f"received:{campaign.id}:{_thread(reading, incoming)}"
    kind = LetterKind.QUESTION if question else LetterKind.RECEIVED
    return answer_to(kind, key, context, reading, incoming)


def told_to_the_unit(
    assessment: Assessment, reading: MailReading, incoming: Incoming, campaign: Campaign, roster: Roster
) -> tuple[Draft, ...]:
    """Return the neutral word to the roster's address of the unit in whose name a refuted mail came, once a day.

    Nothing of the mail is repeated, and it is no answer to it: who forged it must not write to the unit through us. No
    unit, or several: only the clerk sees it.
    """
    named = {one.unit for one in assessment.submissions if one.unit is not None}
    named = named or {UnitName(unit.name) for unit in roster.by_address(reading.head.from_address)}
    told = [unit for unit in roster.units if unit.name in named and unit.addresses]
    if assessment.disposition is Disposition.IGNORED or len(named) != 1 or not told:
        return ()
    return (unit_letter(told[0].addresses[0], UnitName(told[0].name), incoming, campaign),)


def unit_letter(
    address: str, unit: UnitName, incoming: Incoming, campaign: Campaign, *, replaced: Iterable[str] = ()
) -> Draft:
    """Return the word to a unit about a mail that others sent in its name: refuted, or of forms that `replaced` its own."""
    titles = list(replaced)
    day = incoming.arrived_at.astimezone(SHANGHAI).date().isoformat()
    context: dict[str, object] = {
        "received_at": incoming.arrived_at.isoformat(),
        "files": [],
        "subject_line": "",
        "pending_update": False,
        "mends": False,
        "foreign_kinds": [],
        "unverified": not titles,
        "replaced": titles,
    }
    occasion = f"replaced:{incoming.sha256[:32]}:{unit}" if titles else f"unverified:{unit}:{day}"
    return Draft(
        kind=LetterKind.RECEIVED,
        key=f"received:{campaign.id}:{occasion}",
        to_address=address,
        context=context,
        unit=unit,
        cause=incoming.id,
    )


def may_mend(reading: MailReading, known: Known) -> bool:
    """Return whether a mail answers a request of ours to mend a form, and does not ask something in turn.

    Who has just sent the number that we asked for must not read that it was not recognized: they would send it again.
    Of a reply without a word nothing can be registered.
    """
    asked, text = any(one.state is CellState.CORRECTION for one in known.answered), reading.own_text
    files = any(part.role is PartRole.ATTACHMENT for part in reading.parts)
    return asked and not phrases.asks(text) and (files or not phrases.is_bare(text))


def _thread(reading: MailReading, incoming: Incoming) -> str:
    """Return a key of the thread for this sender: its first Message-ID, hashed (it is the sender's text).

    An answer or forward without References has its subject of the day for it: a rule that sends every letter of ours back
    as a new mail would begin a thread with each (FreeScout stops at the third mail of a subject, facts/mail.md §4.2).
    """
    head = reading.head
    day = incoming.arrived_at.astimezone(SHANGHAI).date().isoformat()
    bare = _bare_subject(head.subject)
    goes_on = bool(head.in_reply_to) or bare != fold(head.subject)
    root = next(iter(head.references), "") or (f"{day} {bare}" if goes_on else head.message_id or incoming.sha256)
    return hashlib.sha256(f"{head.from_address}\n{root}".encode()).hexdigest()[:32]


def _bare_subject(subject: str) -> str:
    """Return a subject without the marks of answers and forwards and without our own reference."""
    return fold(_REFERENCE.sub("", _ANSWER_MARKS.sub("", subject)))
