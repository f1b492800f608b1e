"""Fetching: what the server has and the record has not becomes an archived file and then a row, mail by mail.

In: an open `ImapSession`, the `Archive`, the record of UIDs seen. Out: a `PollReport`. Stage after: `pipeline`.

New is the set difference of UIDs, folder by folder: never a high-water mark (the web setting 收取最近30天邮件, once
changed, shows older UIDs), never \\Seen. Every UID listed ends in exactly one row: archived, vanished or oversize. An
oversize row is no end for good: it has vanished once its mail is listed no more, and is fetched once the limit allows it. A
row is written only when its bytes would survive a power loss; a crash in between leaves an orphan file that the next
poll finds again under the same hash. Must not: parse a mail, change anything on the server.

NetEase's UIDVALIDITY is a constant (facts/mail.md §6), so a mailbox that was rebuilt or restored gives known UIDs to
other mails: every poll compares size and time of some known mails with the record, and of all once one was replaced.
"""

import logging
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from intake.archive import Archive
from intake.errors import PermanentServerError, ServerError
from intake.imap_errors import LoginRefusedError, LoginUnansweredError
from intake.imap_session import ImapSession, VanishedError
from intake.imap_wire import RemoteMail
from intake.model import Sha256

log = logging.getLogger(__name__)

_BATCH = 500  # mails described at a time
_TRIES = 3  # a body that is not as long as announced is asked for so often, then kept as it came

# Known mails compared at each poll: one command of 9 kB. After a restore from a backup the server gives the newest UIDs
# out again, so the newest are always among them; a mailbox rebuilt from the first mail on shows in any few of it.
_NEWEST_COMPARED = 50
_DRAWN_COMPARED = 50
# So many mails that look changed are fetched before one is found to be another mail: some servers tell no steady size.
_FETCHED_ON_SUSPICION = 20

Suspect = tuple[str, int, int]  # folder, UIDVALIDITY, UID


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place on the server where a mail was seen. `size_bytes` is RFC822.SIZE; `internal_at` UTC, or None: unknown.

    `from_address` is asked for only where the mail itself is not fetched; "" if its head names nobody, or was not told.
    """

    account: str
    folder: str
    uid_validity: int
    uid: int
    size_bytes: int
    internal_at: datetime | None
    from_address: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the record holds of a UID: what the server said of its mail, and the hash (None: it was never fetched).

    `doubtful`: it was kept as it came, not as long as announced, and that is a day ago.
    """

    size_bytes: int
    internal_at: datetime | None
    sha256: Sha256 | None
    doubtful: bool = False

    def may_be(self, mail: RemoteMail) -> bool:
        """Return whether that can still be the mail which the server describes. One without bytes is none: it is gone."""
        if self.doubtful:
            return mail.size_bytes == 0
        dated = self.internal_at is not None and mail.internal_at is not None
        same_time = not dated or self.internal_at == mail.internal_at
        return mail.size_bytes == 0 or (self.size_bytes == mail.size_bytes and same_time)


class Record(Protocol):
    """What fetching needs of the record (intake/db). Each call is one transaction, committed when it returns."""

    def known(self, account: str, folder: str, uid_validity: int) -> AbstractSet[int]:
        """Return the UIDs that have a row, but for those whose mail had vanished: listed again, it is new."""

    def told(self, account: str, folder: str, uid_validity: int, uids: Collection[int]) -> Mapping[int, Known]:
        """Return what is known of those of `uids` that have a row."""

    def archived(self, sighting: Sighting, sha256: Sha256, size_bytes: int, *, mismatch: bool) -> None:
        """Record a mail whose bytes lie in the archive. `mismatch`: their number is not the one announced.

        If the UID has the row of another mail, that one is set aside and kept.
        """

    def vanished(self, sighting: Sighting) -> None:
        """Record a mail that was gone before it could be fetched; the row of one that was fetched stays."""

    def oversize(self, sighting: Sighting) -> None:
        """Record a mail that is larger than the office wants fetched."""

    def oversized(self, account: str) -> Collection[Sighting]:
        """Return the mails of all folders that are recorded so: neither fetched nor vanished since."""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """The reconciliation of one folder: listed = known + archived + vanished + oversize + left.

    `left` are listed mails without a row: the time was over, or the server would not give them; the next poll asks
    again. `mismatched` of the archived had not the announced length, `replaced` of them stand in the place of another
    mail. `failure` is the last thing that went wrong.
    """

    folder: str
    listed: int = 0
    known: int = 0
    archived: int = 0
    vanished: int = 0
    oversize: int = 0
    mismatched: int = 0
    replaced: int = 0
    failure: ServerError | None = None

    @property
    def left(self) -> int:
        return self.listed - self.known - self.archived - self.vanished - self.oversize


@dataclass(frozen=True, slots=True)
class PollReport:
    """One poll, folder by folder. A folder that failed must be told: one healthy folder makes all look well.

    `cut_short`: the time was over before every folder had been listed; those that were not are missing here.
    """

    folders: tuple[FolderReport, ...]
    cut_short: bool = False

    @property
    def archived(self) -> int:
        return sum(folder.archived for folder in self.folders)

    @property
    def left(self) -> int:
        return sum(folder.left for folder in self.folders)

    @property
    def failures(self) -> tuple[tuple[str, ServerError], ...]:
        return tuple((folder.folder, folder.failure) for folder in self.folders if folder.failure is not None)


def poll(session: ImapSession, archive: Archive, record: Record, *, suspects: set[Suspect] | None = None) -> PollReport:
    """Fetch what is new in the folders of the settings and in the junk-like folders that the server has.

    `suspects` are mails over which a session broke off before: they come last of all, so that one of them never holds
    up the others. The set is kept up here, and kept by the caller between polls. Ends quietly when the session's time
    is over or it is interrupted. A folder that fails is told in the report and does not stop the others. Raise
    ServerError if the session breaks or nothing came of any folder, OfficeError if the archive can't be written: what
    was recorded till then stays.
    """
    suspects = set() if suspects is None else suspects
    rounds = []
    cut_short = False
    oversized = record.oversized(session.mailbox.address)
    for folder in _folders(session):
        if not session.seconds_left:
            cut_short = True
            break
        here = [one for one in oversized if one.folder == folder]
        rounds.append(_Round(session, archive, record, suspects, folder, here))
        rounds[-1].fetch_new()
    for started in rounds:
        started.fetch_suspects()
    watched = {started.report.folder for started in rounds}
    if not cut_short:  # a folder that is watched no more: nobody would ever see whether its mails are still there
        _gone(record, [one for one in oversized if one.folder not in watched])
    report = PollReport(tuple(started.report for started in rounds), cut_short)
    if report.failures and len(report.failures) == len(rounds) and not report.archived:
        raise report.failures[0][1]
    return report


def back_off(error: ServerError, failures: int, *, jitter: float) -> timedelta:
    """Given an error, how often in a row it has come (1, 2, …) and a random jitter of 0 to 1, return the rest due.

    A refused or unanswered login rests 5 minutes, doubling to 4 hours: NetEase and Tencent publish no figure and ban
    addresses that insist. What somebody must mend rests 5 minutes to 1 hour, a failing network 30 seconds to 15
    minutes. The jitter adds up to a quarter, so that it is never earlier.
    """
    if isinstance(error, LoginRefusedError | LoginUnansweredError):
        first_s, most_s = 300.0, 14_400.0
    elif isinstance(error, PermanentServerError):
        first_s, most_s = 300.0, 3_600.0
    else:
        first_s, most_s = 30.0, 900.0
    doublings = min(max(failures, 1) - 1, 20)
    return timedelta(seconds=min(first_s * 2.0**doublings, most_s) * (1 + 0.25 * jitter))


def _folders(session: ImapSession) -> Iterator[str]:
    """Yield the folders to watch: those of the settings, then those where a filter's mistake can put a form."""
    wanted = session.mailbox.folders
    yield from wanted
    extra = session.mailbox.provider.extra_folders
    for folder in session.folders():
        if folder.selectable and folder.name not in wanted and (folder.name in extra or "\\junk" in folder.flags):
            yield folder.name


def _gone(record: Record, oversized: Collection[Sighting]) -> None:
    """Record that mails which were never fetched are no longer to be seen; should they be again, they are new."""
    for one in oversized:
        record.vanished(one)
        log.info("action=fetch.oversize_gone folder=%s uid=%d", one.folder, one.uid)


class _SizeMismatchError(Exception):
    """The body was not as long as announced; raised inside `Archive.store`, so that nothing is kept of it."""


class _Round:
    """One folder of one poll: what it works with, and its counters in `report`."""

    def __init__(
        self,
        session: ImapSession,
        archive: Archive,
        record: Record,
        suspects: set[Suspect],
        folder: str,
        oversized: Collection[Sighting],
    ) -> None:
        self._session = session
        self._archive = archive
        self._record = record
        self._suspects = suspects
        self._oversized = oversized  # of this folder, by earlier polls
        self._uid_validity = 0
        self._received = 0  # bytes of the body under way
        self._suspected: list[int] = []
        self._before: dict[int, Known] = {}  # of the known mails that are fetched again
        self.report = FolderReport(folder)

    def fetch_new(self) -> None:
        """Fetch what is new but for the suspects. Raise ServerError if the session breaks and nothing came of it."""
        with self._told():
            self._uid_validity = self._session.examine(self.report.folder)
            listed = self._session.uids()
            known = self._record.known(self._session.mailbox.address, self.report.folder, self._uid_validity)
            known -= self._look_at_oversized(frozenset(listed))
            new = [uid for uid in listed if uid not in known]
            self._count(listed=len(listed), known=len(listed) - len(new))
            self._suspected = [uid for uid in new if self._key(uid) in self._suspects]
            self._fetch_all([uid for uid in new if self._key(uid) not in self._suspects])
            self._compare([uid for uid in listed if uid in known])

    def fetch_suspects(self) -> None:
        """Fetch what was left out, after all other folders. Raise as `fetch_new`."""
        if not self._suspected or not self._session.usable:
            return
        with self._told():
            if self._session.examine(self.report.folder) == self._uid_validity:
                # In any order, so that of two the one that breaks the session is not always the first.
                random.shuffle(self._suspected)
                for uid in self._suspected:
                    self._fetch_all([uid])

    def _look_at_oversized(self, listed: AbstractSet[int]) -> AbstractSet[int]:
        """Record which of them are gone (moved, deleted). Return the UIDs of those that the limit, raised since, allows."""
        there = [one for one in self._oversized if one.uid_validity == self._uid_validity and one.uid in listed]
        _gone(self._record, [one for one in self._oversized if one not in there])
        return {one.uid for one in there if one.size_bytes <= self._session.polling.maximum_mail_bytes}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Let a failure that leaves the session usable, or that only ends its time, end in the report."""
        try:
            yield
        except ServerError as error:
            if self._session.usable:
                log.warning("action=fetch.folder_failed folder=%s", self.report.folder)
                self._count(failure=error)
            elif self._session.seconds_left or not (self.report.archived or self._session.interrupted):
                raise

    def _compare(self, known: Sequence[int]) -> None:
        """Look whether the known UIDs, ascending, still mean the mails they meant, and fetch those that do not."""
        older = known[:-_NEWEST_COMPARED]
        drawn = random.sample(older, min(_DRAWN_COMPARED, len(older)))
        looked_at = sorted([*drawn, *known[-_NEWEST_COMPARED:]])
        self._fetch_changed(looked_at, at_most=_FETCHED_ON_SUSPICION)
        if self.report.replaced:
            log.warning("action=fetch.rebuilt folder=%s", self.report.folder)
            for start in range(0, len(known), _BATCH):
                self._fetch_changed(known[start : start + _BATCH], at_most=_BATCH)

    def _fetch_changed(self, uids: Sequence[int], *, at_most: int) -> None:
        if not uids or not self._session.seconds_left:
            return
        described = self._session.describe_all(uids)
        told = self._record.told(self._session.mailbox.address, self.report.folder, self._uid_validity, uids)
        changed = [uid for uid in uids if uid in told and uid in described and not told[uid].may_be(described[uid])]
        chosen = changed[-at_most:]
        self._before.update((uid, told[uid]) for uid in chosen)
        self._count(known=self.report.known - len(chosen))
        self._suspected += [uid for uid in chosen if self._key(uid) in self._suspects]
        self._fetch_all([uid for uid in chosen if self._key(uid) not in self._suspects])

    def _fetch_all(self, uids: Sequence[int]) -> None:
        silent: list[RemoteMail] = []
        for mail in self._described(uids, silent):
            if not self._session.seconds_left:
                return
            if not self._fetch(mail):
                silent.append(mail)
        self._look_again(silent)

    def _described(self, uids: Sequence[int], silent: list[RemoteMail]) -> Iterator[RemoteMail]:
        """Yield the mails with size and date, small ones as they are listed, then streamed ones.

        A batch is described just before it is fetched: the rest of a huge folder may have to wait for other polls.
        Those that the server does not describe go to `silent`.
        """
        large: list[RemoteMail] = []
        for start in range(0, len(uids), _BATCH):
            batch = uids[start : start + _BATCH]
            described = self._session.describe_all(batch)
            silent.extend(RemoteMail(uid, 0, None) for uid in batch if uid not in described)
            mails = [described[uid] for uid in batch if uid in described]
            large.extend(mail for mail in mails if mail.size_bytes > self._session.polling.large_mail_bytes)
            yield from (mail for mail in mails if mail.size_bytes <= self._session.polling.large_mail_bytes)
        yield from large

    def _fetch(self, mail: RemoteMail) -> bool:
        """Bring one mail to its row. Return False if the server gave no body."""
        if mail.size_bytes > self._session.polling.maximum_mail_bytes:
            self._record.oversize(replace(self._sighting(mail), from_address=self._sender(mail)))
            self._count(oversize=self.report.oversize + 1)
            log.warning(
                "action=fetch.oversize folder=%s uid=%d bytes=%d", self.report.folder, mail.uid, mail.size_bytes
            )
            return True
        try:
            sha256 = self._store(mail)
        except VanishedError:
            return False
        except ServerError as error:
            self._suspects.add(self._key(mail.uid))
            if not self._session.usable:
                raise
            log.warning("action=fetch.refused folder=%s uid=%d", self.report.folder, mail.uid)
            self._count(failure=error)
            return True
        mismatch = self._received != mail.size_bytes
        self._record.archived(self._sighting(mail), sha256, self._received, mismatch=mismatch)
        self._suspects.discard(self._key(mail.uid))
        before = self._before.get(mail.uid)
        if before is not None and before.sha256 == sha256:  # the server only tells another size or time of it
            self._count(known=self.report.known + 1)
            return True
        replaced = before is not None and before.sha256 is not None
        self._count(
            archived=self.report.archived + 1,
            mismatched=self.report.mismatched + mismatch,
            replaced=self.report.replaced + replaced,
        )
        log.info("action=fetch.archived folder=%s uid=%d bytes=%d", self.report.folder, mail.uid, self._received)
        return True

    def _sender(self, mail: RemoteMail) -> str:
        """Return who a mail is from that stays on the server: a reminder must not tell that unit that nothing has come."""
        try:
            return self._session.sender(mail.uid)
        except ServerError:
            if not self._session.usable:
                raise
            log.warning("action=fetch.no_sender folder=%s uid=%d", self.report.folder, mail.uid)
            return ""

    def _store(self, mail: RemoteMail) -> Sha256:
        """Archive the body; one of another length than announced is asked for again, the last time kept as it comes."""
        for _ in range(_TRIES - 1):
            try:
                return self._archive.store(self._body(mail, strict=True), arrived_at=mail.internal_at)
            except _SizeMismatchError:
                log.warning(
                    "action=fetch.size_mismatch folder=%s uid=%d announced=%d received=%d",
                    self.report.folder,
                    mail.uid,
                    mail.size_bytes,
                    self._received,
                )
        return self._archive.store(self._body(mail, strict=False), arrived_at=mail.internal_at)

    def _body(self, mail: RemoteMail, *, strict: bool) -> Iterator[bytes]:
        self._received = 0
        for chunk in self._session.chunks(mail.uid, mail.size_bytes):
            self._received += len(chunk)
            yield chunk
        if strict and self._received != mail.size_bytes:
            raise _SizeMismatchError

    def _look_again(self, silent: Sequence[RemoteMail]) -> None:
        """Decide about mails without a body: those no longer listed have vanished, the others wait for the next poll."""
        if not silent or not self._session.seconds_left:
            return
        self._session.refresh()
        listed = frozenset(self._session.uids())
        for mail in silent:
            if mail.uid in listed:
                log.warning("action=fetch.no_body folder=%s uid=%d", self.report.folder, mail.uid)
                continue
            self._record.vanished(self._sighting(mail))
            self._count(vanished=self.report.vanished + 1)
            log.info("action=fetch.vanished folder=%s uid=%d", self.report.folder, mail.uid)

    def _count(self, **changes: object) -> None:
        self.report = replace(self.report, **changes)  # type: ignore[arg-type]  # names are those of FolderReport

    def _key(self, uid: int) -> Suspect:
        return (self.report.folder, self._uid_validity, uid)

    def _sighting(self, mail: RemoteMail) -> Sighting:
        return Sighting(
            account=self._session.mailbox.address,
            folder=self.report.folder,
            uid_validity=self._uid_validity,
            uid=mail.uid,
            size_bytes=mail.size_bytes,
            internal_at=mail.internal_at,
        )
