"""Part "loops": no machine is answered, no letter goes where it must not, no loop begins, a bounce marks whom it is about.

In: whether the long form, a seed. Out: an `Outcome`. Four things: thousands of machines' mails and hundreds of people's
that look like them, judged and answered in this process by the very functions of the pipeline; a share of them through
the whole of it, servers, worker and record; two offices that write to each other (`talking`); bounces of our letters
(`bouncing`). Invariants: I3, I4 (facts/reliability.md §2.2). Checks look at what goes out, and know each mail's truth.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from intake import pipeline, reply
from intake.compose import compose, mark, new_message_id
from intake.dossier import Known
from intake.drafting import Incoming
from intake.model import Disposition, Draft, FormId, LetterKind, SenderKind, UnitName
from intake.read import read_mail
from intake.settings import Settings
from intake.unpack import HANDLERS
from parsers.engines import Engines
from parsers.isolate import Answered, Worker
from scheduler import jobs, recovery
from scheduler.app import late_instants, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.workdays import Calendar
from tests.builders import office
from tests.rig import bouncing, talking
from tests.rig.checker import History, ServerMail, SinkLetter, violations
from tests.rig.machines import OWN, Ours, Posted, machine
from tests.rig.people import person
from tests.rig.report import Outcome

_UNITS = tuple(office.UNITS.items())
_OFFICE = frozenset({*office.UNITS.values(), office.CLERK})
_KEY = b"a key for the rig"
_SUBJECTS = {
    LetterKind.REMINDER: "【报送提醒】《联络员反馈表》请于5月30日（周五）前报送",
    LetterKind.ACKNOWLEDGEMENT: "【收件回执】{unit}《联络员反馈表》已收到",
    LetterKind.CORRECTION: "【请补正】{unit}《联络员反馈表》缺手机等1项",
}


def run(*, long: bool, seed: int) -> Outcome:
    """Run the part."""
    started = time.monotonic()
    draw = random.Random(seed)
    machines, people, whole = (12_000, 800, 300) if long else (600, 100, 30)
    letters = our_letters()
    mails = [machine(draw, letters, _UNITS) for _ in range(machines)]
    mails += [person(draw, letters, _UNITS) for _ in range(people)]
    found = [*judged(mails), *through(draw.sample(mails, whole))]
    found += [*talking.violations(long=long), *bouncing.violations(seed=seed)]
    kinds = Counter(one.kind for one in mails)
    remark = f"{machines:,} machines, {people} people, {len(kinds)} kinds, {whole} through the whole way"
    return Outcome("loops", len(mails) + whole, machines, tuple(found), time.monotonic() - started, remark)


def our_letters() -> list[Ours]:
    """Return letters as the program has sent them to the units."""
    made = []
    for number, (unit, address) in enumerate(_UNITS * len(_SUBJECTS), start=1):
        kind = list(_SUBJECTS)[number % len(_SUBJECTS)]
        message_id, reference = new_message_id(f"{kind}{number}", address=OWN, key=_KEY), f"2025-{number:04d}"
        subject = f"{_SUBJECTS[kind].format(unit=unit)}〔{reference}〕"
        body = f"{unit}：\n根据通知，请于5月30日（周五）前报送。\n区安办\n本邮件由系统自动发送，可直接回复，回复由工作人员处理。\n"
        raw = compose(
            subject,
            body,
            kind=kind,
            to_address=address,
            sender_address=OWN,
            sender_name="区安办",
            message_id=message_id,
            reference=reference,
            key=_KEY,
            now=office.START,
        )
        made.append(Ours(message_id, subject, address, unit, mark(reference, message_id, key=_KEY), raw))
    return made


# --- judged and answered in this process -----------------------------------------------------------------------------


class DirectWorker:
    """Stands where the worker does and calls its handlers here: thousands of mails hold nothing hostile to parsers."""

    def call(self, operation: str, header: dict[str, object], payload: bytes, **_timeout: float) -> Answered:
        no_engines = cast("Engines", None)  # nothing of these mails needs one
        return Answered(HANDLERS[operation](header, payload, no_engines))


def judged(mails: Sequence[Posted]) -> Iterator[str]:
    """Given mails with their truth, yield what does not hold of their answers."""
    settings = office.settings(Path("nowhere"), imap_port=1, smtp_port=1)
    roster, late_after = office.roster(), late_instants(settings, Calendar(settings.calendar))
    own = pipeline.own_addresses(settings)
    for number, mail in enumerate(mails):
        reading = read_mail(cast("Worker", DirectWorker()), mail.raw, settings.campaign.forms)
        sender = pipeline.triage(reading.head, reading, own_addresses=own)
        known = _known(mail, reading.head.from_address)
        arrived_at = office.START + timedelta(seconds=number)
        assessment = pipeline.assess(
            reading,
            sender,
            campaign=settings.campaign,
            roster=roster,
            known=known,
            arrived_at=arrived_at,
            own_addresses=own,
        )
        drafts = reply.answers(
            assessment,
            reading,
            sender,
            incoming=Incoming(number, f"{number:064d}", arrived_at, arrived_at),
            campaign=settings.campaign,
            roster=roster,
            known=known,
            late_after=late_after,
        )
        name = f"{mail.kind} {number} ({reading.head.subject[:30]}; {sender.kind}: {sender.why})"
        yield from (f"{code}: {name}{words}" for code, words in _answers(mail, drafts))
        if not mail.machine:
            yield from (f"lost: {name} {words}" for words in _lost(mail, assessment, drafts, sender.kind))


def _known(mail: Posted, from_address: str) -> Known:
    """What the record knows of a mail that answers a letter of ours from the address that the letter went to."""
    if mail.replies is None or mail.replies.to_address != from_address:
        return Known()
    return Known(answered_unit=UnitName(mail.replies.unit), answered_forms=(FormId("registration"), FormId("liaison")))


def _answers(mail: Posted, drafts: Sequence[Draft]) -> Iterator[tuple[str, str]]:
    if mail.machine and drafts:
        yield "I3", f" was answered by {drafts[0].kind}"
    allowed = _OFFICE | ({mail.sender} if mail.sender else set())
    for draft in drafts:
        if draft.to_address not in allowed:
            yield "I4", f" caused a letter to {draft.to_address}"
        if not mail.sender and (draft.in_reply_to or draft.context.get("forms")):
            yield "I4", f" was answered ({draft.kind}) though nobody may be"
    if len(drafts) > 1:
        yield "I2", f" caused {len(drafts)} letters"


def _lost(mail: Posted, assessment: pipeline.Assessment, drafts: Sequence[Draft], kind: SenderKind) -> Iterator[str]:
    if assessment.disposition is Disposition.IGNORED:
        yield "was ignored"
    if mail.has_form and not any(one.form == "liaison" and one.unit for one in assessment.submissions):
        yield "lost its form"
    if mail.has_form and mail.sender and not drafts:
        yield f"was not answered ({kind})"


# --- through the whole of it -----------------------------------------------------------------------------------------


def through(mails: Sequence[Posted]) -> Iterator[str]:
    """Given mails, let the real program fetch, read, answer and send; then the checker looks."""
    with tempfile.TemporaryDirectory() as name, DemoMailbox(OWN, office.PASSWORD) as imap:
        data = Path(name) / "data"
        with SmtpSink(login=OWN, password=office.PASSWORD) as sink:
            settings = _uncapped(office.settings(data, imap_port=imap.port, smtp_port=sink.port))
            uids = [imap.deliver(INBOX, one.raw, office.START + timedelta(seconds=at)) for at, one in enumerate(mails)]
            with open_app(settings, SteppedClock(office.START + timedelta(hours=1)), roster=office.roster()) as app:
                recovery.recover(app)
                for _ in range(3):
                    error = jobs.one_round(app)
                    if error is not None:
                        yield f"the program stopped: {error}"
            letters = [SinkLetter(one.recipients, one.raw) for one in sink.delivered]
        known = [
            ServerMail(INBOX, 1, uid, one.raw, one.sender, machine=one.machine, answered=False)
            for uid, one in zip(uids, mails, strict=True)
        ]
        yield from (f"whole way: {text}" for text in violations(History(known, letters, _OFFICE), data))


def _uncapped(settings: Settings) -> Settings:
    many = 100_000
    caps = {"per_day": many, "per_quarter_hour": many, "per_address_hour": many, "per_address_day": many}
    return replace(settings, sending=replace(settings.sending, **caps, strangers_per_hour=many))
