"""NetEase's own answers to a sender (facts/mail.md §1.2), each given once, and what must come of it, seen from outside.

In: a `PostOffice`. Out: cases and what did not hold. The expectations are written from the table of the provider, not from
`intake.answers`: how the letter stands after the answer, how long the queue rests, whether somebody is told, and that
after the rest (and not a second before) everything goes out once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.demo.faults import Answer, Rule, Stage
from tests.rig.wire_smtp import LETTERS, PostOffice

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means. `rests`: from, to for the queue; `alarms`: somebody is told; `ends`: how the letter ends.

    `waits`: the least for the letter alone, where the queue does not rest. `at_midnight`: not before the next day in China.
    """

    ends: str = "sent"
    rests: tuple[timedelta, timedelta] | None = None
    waits: timedelta = timedelta(0)
    alarms: bool = False
    at_midnight: bool = False
    bad_address: bool = False
    times: int = 1


_SOON = Meaning(waits=2 * _MINUTE)
_SOON_ALL = Meaning(rests=(_MINUTE, 30 * _MINUTE))
_QUARTER = Meaning(rests=(15 * _MINUTE, 30 * _MINUTE))
_TOMORROW = Meaning(rests=(_MINUTE, _DAY), alarms=True, at_midnight=True)
_REWORD = Meaning(waits=2 * _MINUTE)
_HOLD = Meaning(ends="held")
_BAD_ADDRESS = Meaning(ends="failed", bad_address=True)
_BAD_LETTER = Meaning(ends="failed")
_MEND = Meaning(rests=(5 * _MINUTE, 4 * _HOUR), alarms=True)
_BLOCKED = Meaning(rests=(_HOUR, _DAY), alarms=True)

ANSWERS: tuple[tuple[Stage, bytes, Meaning], ...] = (
    # wait minutes, same mail
    (Stage.CONNECT, b"421 HL:REP too many failures", _SOON_ALL),
    (Stage.CONNECT, b"421 HL:ICC too many connections", _SOON_ALL),
    (Stage.CONNECT, b"421 HL:IFC too many at once", _SOON_ALL),
    (Stage.CONNECT, b"421 HL:MEP abnormal", _SOON_ALL),
    (Stage.MAIL, b"451 MI:CEL too many errors", _SOON),
    (Stage.MAIL, b"450 MI:CCL too many commands", _SOON),
    (Stage.RCPT, b"451 RP:CEL too many errors", _SOON),
    (Stage.RCPT, b"450 RP:CCL too many commands", _SOON),
    (Stage.MAIL, b"451 MI:DMC too many mails in this connection", _SOON),
    (Stage.RCPT, b"450 RP:DRC too many recipients in this connection", _SOON),
    (Stage.RCPT, b"451 RP:QRC too many recipients", _SOON),
    (Stage.CONTENT, b"451 Requested action aborted: local error in processing", _SOON),
    (Stage.MAIL, b"451 MI:SFQ 163 smtp11,D8CowAB 1548385572 http://mail.163.com/help/help_spam_16.htm?ip=1", _QUARTER),
    # wait two minutes, then change the text
    (Stage.CONTENT, b"451 DT:SPM ,please try again", _REWORD),
    (Stage.CONTENT, b"451 DT:SPM ,please try again", Meaning(ends="held", waits=2 * _MINUTE, times=2)),
    # the day is over
    (Stage.MAIL, b"550 MI:STC 192.0.2.1", _TOMORROW),
    (Stage.MAIL, b"554 MI:STC 192.0.2.1", _TOMORROW),
    (Stage.RCPT, b"550 RP:TRC", _TOMORROW),
    (Stage.RCPT, b"554 RP:TRC", _TOMORROW),
    (Stage.MAIL, b"554 MI:SFQ", _TOMORROW),
    # a person must look
    (Stage.CONTENT, b"550 DT:SPM 163 smtp1", _HOLD),
    (Stage.CONTENT, b"554 DT:SPM http://mail.163.com/help/help_spam_16.htm?ip=192.0.2.1", _HOLD),
    # this recipient, this letter
    (Stage.RCPT, b"550 Invalid User", _BAD_ADDRESS),
    (Stage.RCPT, b"550 User not found: unit@example.org", _BAD_ADDRESS),
    (Stage.RCPT, b"550 User suspended", _BAD_ADDRESS),
    (Stage.RCPT, b"550 User in blacklist", _BAD_ADDRESS),
    (Stage.RCPT, b"550 RP:RCL too many recipients in one mail", _BAD_LETTER),
    (Stage.CONTENT, b"552 Illegal Attachment", _BAD_LETTER),
    (Stage.CONTENT, b"552 message size exceeds fixed maximum message size", _BAD_LETTER),
    # ours to mend
    (Stage.AUTH, b"535 Error: authentication failed", _MEND),
    (Stage.AUTH, b"550 User has no permission", _MEND),
    (Stage.AUTH, "550 用户无权登陆".encode("gb18030"), _MEND),
    (Stage.MAIL, b"553 Mail from must equal authorized user", _MEND),
    (Stage.CONTENT, b"554 DT:SUM envelope and header differ", _MEND),
    (Stage.EHLO, b"550 MI:NHD empty name", _MEND),
    (Stage.MAIL, b"550 MI:IMF", _MEND),
    (Stage.MAIL, b"550 RP:FRL", _MEND),
    (Stage.AUTH, b"451 too much fail authentication", _MEND),
    # shut out
    (Stage.CONNECT, b"554 IP is rejected, smtp auth error limit exceed", _BLOCKED),
    (Stage.CONNECT, b"554 HL:IHU", _BLOCKED),
    (Stage.CONNECT, b"554 HL:IPB", _BLOCKED),
    (Stage.MAIL, b"554 MI:SPB", _BLOCKED),
    (Stage.CONTENT, b"450 DT:RBL", _BLOCKED),
    (Stage.CONTENT, b"450 WM:BLI", _BLOCKED),
    (Stage.CONTENT, b"450 WM:BLU", _BLOCKED),
)


def cases(
    office: PostOffice, answers: Iterable[tuple[Stage, bytes, Meaning]] = ANSWERS
) -> Iterator[tuple[str, list[str]]]:
    """Yield every answer and what did not hold after it."""
    for stage, line, meaning in answers:
        yield f"SMTP {stage} {line.decode('gb18030')}", [*_one(office, stage, line, meaning)]


def _one(office: PostOffice, stage: Stage, line: bytes, meaning: Meaning) -> Iterator[str]:
    office.begin()
    office.sink.script(*[Rule(stage, Answer(line), times=meaning.times, recipient=_recipient(stage))])
    office.tick()
    first, second = office.rows()
    rests_until, alarms = _rest(office)
    if alarms != meaning.alarms:
        yield f"somebody was {'' if alarms else 'not '}told"
    if meaning.rests is None:
        yield from _letter_alone(office, first, second, rests_until, meaning)
        next_at = _instant(first["not_before"])
    else:
        yield from _queue(office, first, second, rests_until, meaning)
        next_at = rests_until or office.now
    yield from _ending(office, next_at, meaning)


def _recipient(stage: Stage) -> str:
    return LETTERS[0].to_address if stage in (Stage.RCPT, Stage.CONTENT) else ""


def _letter_alone(office, first, second, rests_until, meaning) -> Iterator[str]:
    if rests_until is not None:
        yield f"the queue rests until {rests_until}"
    if second["state"] != "sent":
        yield f"the other letter is {second['state']}"
    waits = _instant(first["not_before"]) - office.now
    if first["state"] == "queued" and waits < meaning.waits:
        yield f"the letter waits {waits}"
    if meaning.times == 1 and meaning.ends != "sent" and first["state"] != meaning.ends:
        yield f"the letter is {first['state']} and not {meaning.ends}"


def _queue(office, first, second, rests_until, meaning) -> Iterator[str]:
    least, most = meaning.rests
    if (first["state"], second["state"]) != ("queued", "queued"):
        yield f"the letters are {first['state']} and {second['state']}, though the queue should rest"
    if rests_until is None or not least <= rests_until - office.now <= most:
        yield f"the queue rests until {rests_until}"
    elif meaning.at_midnight and rests_until.astimezone(_SHANGHAI).date() == office.now.astimezone(_SHANGHAI).date():
        yield f"the queue goes on today, {rests_until}"
    if first["attempt"]:
        yield "an attempt was counted against a letter that was not refused for its own sake"


def _ending(office: PostOffice, next_at: datetime, meaning: Meaning) -> Iterator[str]:
    connections = office.sink.reached(Stage.CONNECT)
    if next_at > office.now:
        office.now = next_at - timedelta(seconds=1)
        office.tick()
        if office.sink.reached(Stage.CONNECT) != connections:
            yield "the server was asked again before the time was over"
    for _ in range(3):
        office.now += 5 * _HOUR
        office.tick()
    first, second = office.rows()
    taken = [raw for raw in office.taken() if first["header_message_id"].encode() in raw]
    if first["state"] != meaning.ends or len(taken) != (meaning.ends == "sent"):
        yield f"I2: the letter ended as {first['state']}, taken {len(taken)} times"
    if second["state"] != "sent" or len(office.taken()) - len(taken) != 1:
        yield f"I2: the other letter ended as {second['state']}, taken {len(office.taken()) - len(taken)} times"
    bad = [row["address"] for row in office.read("SELECT address FROM bad_addresses")]
    if bad != [LETTERS[0].to_address] * meaning.bad_address:
        yield f"bad addresses: {bad}"


def _rest(office: PostOffice) -> tuple[datetime | None, bool]:
    rows = office.read("SELECT paused_until, permanent FROM heartbeats WHERE tick = 'deliver'")
    if not rows or rows[0]["paused_until"] is None:
        return None, False
    return _instant(rows[0]["paused_until"]), bool(rows[0]["permanent"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
