"""One session with the office's mailbox, read-only.

In: `settings.Mailbox` and `settings.Polling`. Out: folders, UIDs, sizes and arrival times, raw bytes in chunks, the
marks of sent mail. Stage before: `imap_connect`; after: `fetch`. Every failure is a `ServerError` in Chinese.

The clerk works in the same mailbox: folders are opened with EXAMINE and mails read with BODY.PEEK, so that no flag
changes; nothing is stored, moved, deleted or appended. SEARCH knows ALL and UID ranges only: NetEase finds no text,
Tencent everything, Aliyun refuses CHARSET. One connection, one command at a time; not thread-safe but for `interrupt`.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from intake.errors import PermanentServerError, TransientServerError
from intake.imap_client import Client, Deadline
from intake.imap_connect import FAILURES, RemoteMailbox, connect
from intake.imap_errors import Step
from intake.imap_wire import (
    HIGHEST_NUMBER,
    Folder,
    RemoteMail,
    SentMail,
    Value,
    encoded_folder_name,
    fetch_answers,
    folder_list,
    from_address,
    remote_mail,
    search_result,
    sent_mail,
)
from intake.settings import Mailbox, Polling

log = logging.getLogger(__name__)

# A folder of more mails is listed by UID ranges: 40,000 UIDs of 10 digits make 440 kB, below the limit of a line.
LISTED_AT_ONCE = 40_000
_DESCRIBED_AT_ONCE = 100  # 1.1 kB of UIDs a command; servers take lines of 8,000 octets (RFC 2683 §3.2.1.5)
_CHUNK_BYTES = 2**18
_LOGOUT_S = 5.0
_SIZE_SLACK_BYTES = 2**16  # a body longer than announced is a size mismatch up to here, nonsense beyond
_SENT_NAMES = ("已发送", "Sent", "Sent Messages", "Sent Items")
_SENDER = "(UID BODY.PEEK[HEADER.FIELDS (FROM)])"
_SENT_HEADERS = "(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-INTAKE-ID SUBJECT)])"


class VanishedError(Exception):
    """The server gives no body for this UID: the mail was moved or deleted meanwhile, or can't be given now."""


class ImapSession:
    """Context manager: entering connects, logs in and identifies; leaving closes the socket whatever happened.

    Its whole life is bounded by `polling.poll_deadline_s` (or `deadline_s`), each command by `command_timeout_s`.
    """

    def __init__(self, mailbox: Mailbox, polling: Polling, *, deadline_s: float | None = None) -> None:
        """Given the settings, prepare a session that starts its clock now; nothing is opened yet."""
        self.mailbox = mailbox
        self.polling = polling
        whole_s = polling.poll_deadline_s if deadline_s is None else deadline_s
        self._deadline = Deadline(whole_s, polling.command_timeout_s)
        self._opened: RemoteMailbox | None = None
        self._folders: tuple[Folder, ...] | None = None
        self._exists = 0

    def __enter__(self) -> Self:
        """Open the session. Raise ServerError if the server can't be used, OfficeError if the settings can't."""
        self._opened = connect(self.mailbox, self._deadline)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        box, self._opened = self._opened, None
        if box is None:
            return
        self._deadline.hasten(_LOGOUT_S)
        with suppress(*FAILURES):  # politeness; the first error must not be hidden by a failing farewell
            if box.in_step and self.seconds_left > 0:
                box.client.logout()
        box.client.shutdown()

    def interrupt(self) -> None:
        """End the session from another thread: the command under way fails at once."""
        self._deadline.cancel()

    @property
    def interrupted(self) -> bool:
        return self._deadline.cancelled

    @property
    def seconds_left(self) -> float:
        """What is left of the session's time; 0 when it is over."""
        return self._deadline.session_s()

    @property
    def usable(self) -> bool:
        """Whether further commands make sense: a refusal leaves it so, a timeout or a broken answer does not."""
        return self._opened is not None and self._opened.in_step and self.seconds_left > 0

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server offers after login, in upper case."""
        return frozenset(self._client.capabilities)

    def folders(self) -> tuple[Folder, ...]:
        """Return all folders, names decoded, in the server's order (asked once a session)."""
        if self._folders is None:
            with self._box.explained(Step.FOLDERS):
                status, items = self._client.list('""', "*")
                self._folders = folder_list(items) if status == "OK" else ()
        return self._folders

    def examine(self, folder: str) -> int:
        """Open `folder` for reading only and return its UIDVALIDITY. Raise PermanentServerError if that can't be."""
        names = tuple(known.name for known in self.folders())
        with self._box.explained(Step.EXAMINE, folder=folder, folders=names):
            self._box.folder.set(_quoted(folder), readonly=True)
            uid_validity = self._number("UIDVALIDITY")
            self._exists = self._number("EXISTS") or 0
        if uid_validity is None:
            raise PermanentServerError(
                f"邮箱服务器没有给出文件夹“{folder}”的 UIDVALIDITY，无法可靠地辨认来件，这个文件夹没有收。请联系服务商。"
            )
        return uid_validity

    def uids(self) -> tuple[int, ...]:
        """Return the UIDs of all mails in the open folder, ascending."""
        with self._box.explained(Step.LISTING):
            found = self._search("ALL") if self._exists <= LISTED_AT_ONCE else self._list_by_ranges()
            self._note_changes()
        if len(found) < self._exists:
            log.warning("action=fetch.listing_short exists=%d listed=%d", self._exists, len(found))
            if not found:
                raise TransientServerError("邮箱服务器说文件夹里有邮件，却一封也没有列出，本轮收件中止，稍后自动重试。")
        return found

    def refresh(self) -> None:
        """Let the server tell what other clients have changed in the open folder since it was opened."""
        with self._box.explained(Step.LISTING):
            self._client.noop()
            self._note_changes()

    def describe(self, uid: int) -> RemoteMail | None:
        """Return size and arrival time of one mail; None if the server has nothing to say of it."""
        return self.describe_all((uid,)).get(uid)

    def describe_all(self, uids: Sequence[int]) -> dict[int, RemoteMail]:
        """Return size and arrival time of each mail of `uids` that the server still knows."""
        described = {}
        for answer, asked in self._fetch_all(uids, "(UID RFC822.SIZE INTERNALDATE)"):
            mail = remote_mail(answer)
            if mail is not None and mail.uid in asked:
                described[mail.uid] = mail
        return described

    def sender(self, uid: int) -> str:
        """Return the one address in the From of a mail, in lower case, without fetching the mail; "" if there is none."""
        for answer, asked in self._fetch_all((uid,), _SENDER):
            if answer.get("UID") in asked:
                return from_address(answer)
        return ""

    def chunks(self, uid: int, size_bytes: int) -> Iterator[bytes]:
        """Yield the raw bytes of a mail: at once if it is small, else in pieces, so that memory stays flat.

        Raise VanishedError if the server gives no body. The sum of the pieces may differ from `size_bytes`, by 64 kB
        upwards: to judge that is the caller's business.
        """
        limit = size_bytes + _SIZE_SLACK_BYTES
        if size_bytes <= self.polling.large_mail_bytes:
            yield self._body(uid, "BODY.PEEK[]", limit)
            return
        offset = 0
        while offset <= limit:
            piece = self._body(uid, f"BODY.PEEK[]<{offset}.{_CHUNK_BYTES}>", limit, may_be_empty=offset > 0)
            yield piece
            offset += len(piece)
            if len(piece) != _CHUNK_BYTES:  # the last one, or a server that knows no partial FETCH and sends it whole
                return

    def sent_headers(self, newest: int) -> tuple[SentMail, ...]:
        """Return the marks of the `newest` mails in the Sent folder, newest first.

        Raise PermanentServerError if there is no such folder: no witness, which is not the same as a silent one.
        """
        self.examine(self.sent_folder())
        wanted = self.uids()[-newest:] if newest > 0 else ()
        found = {}
        for answer, asked in self._fetch_all(wanted, _SENT_HEADERS):
            mail = sent_mail(answer)
            if mail is not None and mail.uid in asked:
                found[mail.uid] = mail
        return tuple(found[uid] for uid in sorted(found, reverse=True))

    def sent_folder(self) -> str:
        r"""Return the name of the Sent folder: by special use \Sent, by the provider's name, or by a common one."""
        folders = [folder for folder in self.folders() if folder.selectable]
        by_use = [folder.name for folder in folders if "\\sent" in folder.flags]
        names = {folder.name for folder in folders}
        by_name = [name for name in (self.mailbox.provider.sent_folder, *_SENT_NAMES) if name in names]
        if not by_use and not by_name:
            raise PermanentServerError(
                "邮箱里找不到“已发送”文件夹，无法核对信件是否已经发出。"
                f"邮箱里现有的文件夹：{'、'.join(folder.name for folder in folders) or '（无）'}。"
            )
        return (by_use + by_name)[0]

    # --- one command -------------------------------------------------------------------------------------------------

    @property
    def _box(self) -> RemoteMailbox:
        if self._opened is None:
            raise RuntimeError("the session is not open")
        return self._opened

    @property
    def _client(self) -> Client:
        return self._box.client

    def _number(self, name: str) -> int | None:
        """Return the last untagged number of that name, taking it out of imaplib's store."""
        items = self._client.untagged_responses.pop(name, [])
        last = items[-1] if items else b""
        if not isinstance(last, bytes) or not last.isdigit() or len(last) > 10:
            return None
        return int(last) if int(last) <= HIGHEST_NUMBER else None

    def _note_changes(self) -> None:
        """Keep count of the folder: EXISTS says it anew, each EXPUNGE takes one away."""
        expunged = len(self._client.untagged_responses.pop("EXPUNGE", []))
        exists = self._number("EXISTS")
        self._exists = max(0, self._exists - expunged) if exists is None else exists

    def _search(self, criteria: str) -> tuple[int, ...]:
        status, items = self._client.uid("SEARCH", criteria)
        if status != "OK":
            raise self._client.error(f"SEARCH answered {status}")
        return search_result(items)

    def _list_by_ranges(self) -> tuple[int, ...]:
        """List a huge folder in pieces: the UIDs at every 40,000th place are the borders of the ranges."""
        places = range(1, self._exists + 1, LISTED_AT_ONCE)
        answers = self._client.ask("FETCH", ",".join(map(str, places)), "(UID)")
        uids = (answer.get("UID") for answer in fetch_answers(answers))
        borders = sorted({uid for uid in uids if isinstance(uid, int)})
        starts = [1, *borders[1:]]
        ends = [str(start - 1) for start in starts[1:]] + ["*"]
        found: set[int] = set()
        for start, end in zip(starts, ends, strict=True):
            found.update(self._search(f"UID {start}:{end}"))
        return tuple(sorted(found))

    def _fetch_all(self, uids: Sequence[int], items: str) -> Iterator[tuple[dict[str, Value], frozenset[int]]]:
        """Yield every answer to FETCH of `items`, with the UIDs that were asked for in that command, ascending.

        Tencent answers BAD to a descending set. Answers about other mails are other clients' doing.
        """
        wanted = sorted(uids)
        for start in range(0, len(wanted), _DESCRIBED_AT_ONCE):
            batch = wanted[start : start + _DESCRIBED_AT_ONCE]
            with self._box.explained(Step.FETCH):
                answers = tuple(fetch_answers(self._client.ask("UID FETCH", ",".join(map(str, batch)), items)))
            asked = frozenset(batch)
            yield from ((answer, asked) for answer in answers)

    def _body(self, uid: int, item: str, limit: int, *, may_be_empty: bool = False) -> bytes:
        """Return the bytes of `item` of one mail. Raise VanishedError if the server answers without them or with NIL."""
        with self._box.explained(Step.FETCH), self._client.literals_up_to(limit):
            answers = tuple(fetch_answers(self._client.ask("UID FETCH", str(uid), f"(UID {item})")))
        for answer in answers:
            body = answer.get("BODY[]")
            if answer.get("UID") == uid and isinstance(body, bytes) and (body or may_be_empty):
                return body
        raise VanishedError


def _quoted(folder: str) -> bytes:
    return b'"' + encoded_folder_name(folder).replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
