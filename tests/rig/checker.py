"""The history checker: what the servers saw and what lies on the disk, held against the invariants I1-I5 and I7-I9.

I6 (a replay into an empty record gives the same) is `tests/integration/test_restarts.py`, I15 part "hostile".

In: the mails that were ever on the IMAP server, the letters that the SMTP server took, the data directory. Out: what
does not hold, a sentence each. It shares no code with the program: the standard library, the names of the units, the
database through `sqlite3`, so that a mistake of the program's own understanding is seen as well. Invariants: facts/reliability.md §2.2.
"""

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from functools import lru_cache
from pathlib import Path

from tests.rig.unit_names import NAMES

_ONE_NAME = {name: min(names) for names in NAMES.values() for name in names}  # a unit that was renamed is the same one
_FINAL = {"filed", "held", "ignored", "shunted"}
_SIGHTED = {"archived", "vanished", "oversize", "mismatch"}
_REMINDERS = re.compile("^【(?:报送提醒|今日截止|逾期未报)】")
_RECEIPTS = re.compile("^【(?:收件回执|更新回执)】")
_ROLLING = {"case"}  # collected at any time: one replaces no other
_AT_REST = {"sent", "uncertain", "held", "failed", "cancelled", "expired"}


@lru_cache(maxsize=4096)  # a mail is looked at after each step of a world
def head_of(raw: bytes) -> Message:
    """Return the head of a mail or letter."""
    return BytesHeaderParser().parsebytes(raw)


@dataclass(frozen=True, slots=True)
class ServerMail:
    """A mail that the IMAP server listed at some time. `sender` "" or `machine`: nobody may be answered.

    `answered`: a person's mail of the campaign, which gets exactly one answer when all is at rest. `readable` is false
    where the server never gave the body (it vanished, or was too large).
    """

    folder: str
    uid_validity: int
    uid: int
    raw: bytes
    sender: str
    machine: bool = False
    answered: bool = True
    readable: bool = True

    @property
    def message_id(self) -> str:
        return str(head_of(self.raw)["Message-ID"] or "").strip()


@dataclass(frozen=True, slots=True)
class SinkLetter:
    """A letter that the SMTP server said 250 to, or would have if the line had held."""

    recipients: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class History:
    """What happened outside the program.

    `office` are the addresses of roster and clerk. `truth` gives, by SHA-256 of a mail, the values that its forms hold.
    `losses` is how often a letter may have left without its 250 being seen: so many answers may be uncertain. `copies`: the
    server files a copy of each letter that it takes, and shows it: then none of those may be.
    """

    mails: Sequence[ServerMail]
    letters: Sequence[SinkLetter]
    office: Collection[str]
    truth: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    losses: int = 0
    at_rest: bool = True
    copies: bool = False


def violations(history: History, data_dir: Path, *, database_name: str = "intake.sqlite") -> list[str]:
    """Given the history and the data directory, return what does not hold; an empty list is what we want."""
    database = sqlite3.connect(f"file:{data_dir / database_name}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        look = _Look(history, data_dir, database)
        return [
            *look.archive(),
            *look.accounting(),
            *look.answers(),
            *look.addressees(),
            *look.values(),
            *look.versions(),
        ]
    finally:
        database.close()


class _Look:
    def __init__(self, history: History, data_dir: Path, database: sqlite3.Connection) -> None:
        self._history = history
        self._data_dir = data_dir
        self._sightings = database.execute("SELECT * FROM sightings").fetchall()
        self._messages = {row["id"]: row for row in database.execute("SELECT * FROM messages")}
        self._outbox = database.execute("SELECT * FROM outbox").fetchall()
        self._submissions = database.execute("SELECT * FROM submissions ORDER BY id").fetchall()
        decisions = database.execute("SELECT sha256, unit, undone_at FROM decisions ORDER BY id").fetchall()
        self._decided = Counter(row["sha256"] for row in decisions)
        standing = [row for row in decisions if row["undone_at"] is None]
        self._in_hand = {row["sha256"] for row in standing}
        self._assigned = {row["sha256"]: row["unit"] for row in standing if row["unit"] is not None}

    def archive(self) -> Iterator[str]:
        """I1: each mail listed has one row and, if it was read, a file that holds the server's bytes."""
        rows = Counter((row["folder"], row["uid_validity"], row["uid"]) for row in self._sightings)
        yield from (f"I1: {key} has {number} rows" for key, number in rows.items() if number > 1)
        by_key = {(row["folder"], row["uid_validity"], row["uid"]): row for row in self._sightings}
        for mail in self._history.mails:
            row = by_key.get((mail.folder, mail.uid_validity, mail.uid))
            if row is None:
                if self._history.at_rest:
                    yield f"I1: mail {mail.uid} of {mail.folder} was listed and has no row"
                continue
            if row["state"] not in _SIGHTED:
                yield f"I1: mail {mail.uid} has the unknown state {row['state']}"
            if mail.readable and row["message_id"] is None:
                yield f"I1: mail {mail.uid} is {row['state']}, but the server had it"
            if row["message_id"] is not None:
                yield from self._file(mail, self._messages[row["message_id"]])
        yield from self._strays()

    def _file(self, mail: ServerMail, message: sqlite3.Row) -> Iterator[str]:
        sha256 = hashlib.sha256(mail.raw).hexdigest()
        if message["sha256"] != sha256:
            yield f"I1: mail {mail.uid} is recorded under another hash than its bytes have"
        path = self._data_dir / "archive" / message["sha256"][:2] / f"{message['sha256']}.eml"
        if not path.exists():
            yield f"I1: mail {mail.uid} has a row and no file"
        elif path.read_bytes() != mail.raw:
            yield f"I1: the file of mail {mail.uid} differs from what the server sent"

    def _strays(self) -> Iterator[str]:
        hashes = Counter(row["sha256"] for row in self._messages.values())
        yield from (f"I1: {number} messages share the hash {one}" for one, number in hashes.items() if number > 1)
        for path in (self._data_dir / "archive").rglob("*"):
            if path.is_file() and path.suffix == ".eml":
                if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                    yield f"I1: the file {path.name} does not hold what its name says"
                elif self._history.at_rest and path.stem not in hashes:
                    yield f"I1: the file {path.name} has no row"
            elif path.is_file() and self._history.at_rest:
                yield f"I1: {path.name} was left behind in the archive"

    def accounting(self) -> Iterator[str]:
        """I9: everything listed has come to an end; nothing is half done at rest."""
        for row in self._messages.values():
            if row["state"] not in {*_FINAL, "archived"}:
                yield f"I9: message {row['id']} has the unknown state {row['state']}"
            elif self._history.at_rest and row["state"] == "archived":
                yield f"I9: message {row['id']} still waits"
            if row["state"] == "shunted":
                yield f"I9: message {row['id']} was given up after a bug"
        if self._history.at_rest:
            yield from (f"I2: a letter is still {row['state']}" for row in self._outbox if row["state"] not in _AT_REST)

    def answers(self) -> Iterator[str]:
        """I2, I3, I8: no letter twice, each person's mail answered once or uncertain, no machine answered."""
        sent = [head_of(letter.raw) for letter in self._history.letters]
        for name, number in Counter(str(one["Message-ID"]) for one in sent).items():
            if number > 1:
                yield f"I2: the letter {name} was sent {number} times"
        about = Counter((str(one["In-Reply-To"]), str(one["To"])) for one in sent if one["In-Reply-To"])
        # a person who decides may cause one more: the receipt after the word that somebody looks, a second request
        allowed = {mail.message_id: 1 + self._decided[_digest(mail.raw)] for mail in self._history.mails}
        yield from (
            f"I2: {to} got {number} answers to {mail}"
            for (mail, to), number in about.items()
            if number > allowed.get(mail, 1)
        )
        answered = {mail for mail, _ in about}
        for mail in self._history.mails:
            if mail.machine and mail.message_id in answered:
                yield f"I3: the machine's mail {mail.message_id} was answered"
        yield from self._occasions(sent)
        if self._history.at_rest:
            yield from self._owed(answered)

    def _owed(self, answered: Collection[str]) -> Iterator[str]:
        uncertain = sum(1 for row in self._outbox if row["state"] == "uncertain")
        if uncertain > self._history.losses:
            yield f"I2: {uncertain} letters are uncertain after {self._history.losses} losses"
        if self._history.copies:
            taken = {str(head_of(letter.raw)["Message-ID"]).strip() for letter in self._history.letters}
            for row in self._outbox:
                if row["state"] == "uncertain" and row["header_message_id"] in taken:
                    yield f"I2: letter {row['id']} is uncertain, though the Sent folder holds it"
        shown = {row["cause_id"] for row in self._outbox if row["state"] in ("uncertain", "held", "failed")}
        waiting = {self._messages[one]["header_message_id"] for one in shown if one in self._messages}
        waiting |= {self._messages[number]["header_message_id"] for number in self._overtaken()}
        waiting |= {self._messages[number]["header_message_id"] for number in self._withdrawn()}
        for mail in self._history.mails:
            # what a person decides may stop the word that one looks: dismissed, or passed without news
            owed = mail.answered and not mail.machine and mail.readable and not self._decided[_digest(mail.raw)]
            if (
                owed
                and mail.message_id not in answered
                and mail.message_id.strip("<>") not in {one.strip("<>") for one in waiting}
            ):
                yield f"I2: the mail {mail.message_id} was never answered"

    def _overtaken(self) -> Iterator[int]:
        """Yield the mails that were read after a later one of the same sender, or one that was accepted in each place of theirs.

        What is in force is newer, no word is due.
        """
        brings: dict[int, set[tuple[str, str]]] = defaultdict(set)
        accepts: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for one in self._submissions:
            brings[one["message_id"]].add((one["unit"], one["form"]))
            if one["state"] == "accepted":
                accepts[one["message_id"]].add((one["unit"], one["form"]))
        for number, row in self._messages.items():
            for other in self._messages.values():
                same_sender = other["from_address"] == row["from_address"]
                same_place = bool(brings[number]) and brings[number] <= accepts[other["id"]]
                before = other["id"] < number or str(other["processed_at"]) <= str(row["processed_at"])
                later = other["arrived_at"] > row["arrived_at"] and other["processed_at"]
                if (same_sender or same_place) and later and before:
                    yield number
                    break

    def _withdrawn(self) -> Iterator[int]:
        """Yield the mails whose question never left because all that they were about came later, and has its receipt."""
        cells: dict[int, set[tuple[str | None, str]]] = defaultdict(set)
        for one in self._submissions:
            cells[one["message_id"]].add((one["unit"], one["form"]))
        receipts = [self._messages[number] for number in self._with_receipt()]
        for row in self._outbox:
            if row["state"] != "cancelled" or row["kind"] not in ("correction", "unreadable") or row["sent_at"]:
                continue
            mail = self._messages[row["cause_id"]]
            kin = NAMES.get(mail["from_address"], frozenset())
            later = [one for one in receipts if one["arrived_at"] >= mail["arrived_at"] and one["id"] != mail["id"]]
            came = {cell for one in later for cell in cells[one["id"]]}
            came |= {(name, form) for unit, form in came if unit in kin for name in kin}  # renamed in between
            asked = cells[mail["id"]]
            theirs = any(one["from_address"] == mail["from_address"] for one in later)
            if asked <= came if asked else theirs or any(unit in kin for unit, _ in came):
                yield mail["id"]

    def _with_receipt(self) -> Iterator[int]:
        """Yield the mails whose sender got a receipt, or may have got one, or is to be written to by a person."""
        told = {
            str(head["In-Reply-To"]).strip()
            for head in (head_of(letter.raw) for letter in self._history.letters)
            if _RECEIPTS.match(_words(str(head["Subject"])))
        }
        by_hand = {mail.message_id.strip("<>") for mail in self._history.mails if not mail.answered}
        shown = {
            row["cause_id"]
            for row in self._outbox
            if row["kind"] in ("acknowledgement", "update")
            and (
                row["state"] in ("uncertain", "held", "failed")
                # the clerk cancelled it: what he cancels he answers himself
                or (row["state"] == "cancelled" and self._header(row["cause_id"]) in by_hand)
            )
        }
        for number, row in self._messages.items():
            if number in shown or row["header_message_id"].strip("<>") in {one.strip("<>") for one in told}:
                yield number

    def _header(self, number: int) -> str:
        return str(self._messages[number]["header_message_id"]).strip("<>")

    def _occasions(self, sent: Sequence[object]) -> Iterator[str]:
        """I8: a unit is reminded at most once a day, by the letter's own date. Each address of the rig is one unit's."""
        days: Counter[tuple[str, str]] = Counter()
        for one in sent:
            if _REMINDERS.match(_words(str(one["Subject"]))):  # type: ignore[index]
                days[str(one["To"]), " ".join(str(one["Date"]).split()[:4])] += 1  # type: ignore[index]
        yield from (f"I8: {to} got {number} reminders on {day}" for (to, day), number in days.items() if number > 1)

    def addressees(self) -> Iterator[str]:
        """I4: one recipient a letter, and only roster, clerk, or the person whose mail caused it."""
        senders = {mail.message_id: mail.sender for mail in self._history.mails if not mail.machine}
        for letter in self._history.letters:
            if len(letter.recipients) != 1:
                yield f"I4: a letter has {len(letter.recipients)} recipients"
                continue
            cause = str(head_of(letter.raw)["In-Reply-To"] or "").strip()
            if letter.recipients[0] not in self._history.office and senders.get(cause) != letter.recipients[0]:
                yield f"I4: a letter went to {letter.recipients[0]}, who is not on the roster and did not write"

    def values(self) -> Iterator[str]:
        """I5: a value that is stored is the one of the form and has its place, what is accepted no fault; none is missing."""
        holding: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in self._submissions:
            sha256 = self._messages[row["message_id"]]["sha256"]
            fields = json.loads(row["fields"])
            if row["state"] == "accepted" and json.loads(row["problems"]):
                yield f"I5: submission {row['id']} is accepted with problems"
            truth = self._history.truth.get(sha256)
            for one in fields if truth is not None else ():
                given = truth.get(one["key"], "")
                if one.get("value") not in (None, "") and str(one["value"]) != given:
                    yield f"I5: submission {row['id']} stores another {one['key']} than the form holds"
            for one in fields:
                if one.get("value") not in (None, "") and not one.get("place"):
                    yield f"I5: submission {row['id']} stores {one['key']} without its place"
            holding[sha256].append(
                {one["key"]: str(one["value"]) for one in fields if one.get("value") not in (None, "")}
            )
        if self._history.at_rest:
            yield from self._not_stored(holding)

    def _not_stored(self, holding: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
        """Yield the forms that came and were filed, and of which no submission holds every value."""
        for row in self._messages.values():
            truth = self._history.truth.get(row["sha256"])
            if truth is None or row["state"] != "filed":
                continue
            whole = {key: value for key, value in truth.items() if value}
            if not any(whole.items() <= one.items() for one in holding[row["sha256"]]):
                yield f"I5: mail {row['id']} brought a form, and no submission holds it"

    def versions(self) -> Iterator[str]:
        """I7: where the unit's own form is in force, by its address on the roster, a stranger's waits for a person.

        Unless it says the very same. What a person let pass and then took back, or gave to another unit, opens no door.
        """
        in_force: dict[tuple[str, str], str] = {}  # unit and form → sender
        said: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in sorted(self._submissions, key=lambda one: (self._arrived(one), one["id"])):
            message = self._messages[row["message_id"]]
            decided = message["sha256"] in self._in_hand
            unit, sender = self._assigned.get(message["sha256"], row["unit"]), message["from_address"]
            place = (_ONE_NAME.get(unit, unit), row["form"])
            if unit is None or row["form"] in _ROLLING or (row["state"] != "accepted" and not decided):
                continue
            values = _values(row)
            own = in_force.get(place, "") in self._history.office
            if own and sender not in self._history.office and not decided:
                if values in said[place]:
                    continue
                yield f"I7: submission {row['id']} of a stranger is accepted behind the unit's own"
            in_force[place] = "" if decided else sender  # who decides sees what else is there
            said[place].append(values)

    def _arrived(self, submission: sqlite3.Row) -> str:
        return str(self._messages[submission["message_id"]]["arrived_at"])


def _values(submission: sqlite3.Row) -> dict[str, str]:
    fields = json.loads(submission["fields"])
    return {one["key"]: str(one["value"]) for one in fields if one.get("value") not in (None, "")}


def subject_of(raw: bytes) -> str:
    """Return the decoded subject of a letter."""
    return _words(str(head_of(raw)["Subject"]))


def _words(subject: str) -> str:
    return str(make_header(decode_header(subject)))


@lru_cache(maxsize=4096)
def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
