"""The mails of the embedded IMAP server: folders as at NetEase, changed from any thread.

In: deliveries, moves, removals. Out: frozen values. UIDs are large, ascending and have gaps, as at 126.com. In memory
only.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

INBOX = "INBOX"
SENT = "已发送"

# Names and special uses as LIST of 126.com and 163.com shows them; the last three have none.
FOLDERS: Mapping[str, str] = MappingProxyType(
    {
        INBOX: "",
        "草稿箱": "\\Drafts",
        SENT: "\\Sent",
        "已删除": "\\Trash",
        "垃圾邮件": "\\Junk",
        "病毒文件夹": "",
        "广告邮件": "",
        "订阅邮件": "",
    }
)
_FIRST_UID = 1_392_611_444
_UID_STEP = 3


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail in a folder, its bytes exactly as delivered."""

    uid: int
    raw: bytes
    internal_at: datetime
    flags: frozenset[str] = frozenset()


class MailStore:
    """All folders of one mailbox. Every method is one step under a lock; names are decoded."""

    def __init__(self, folders: Mapping[str, str] = FOLDERS) -> None:
        """Given folder names with their special use ("" for none), return the store, empty."""
        self.special_use = dict(folders)
        self._lock = threading.Lock()
        self._mails: dict[str, dict[int, StoredMail]] = {name: {} for name in folders}
        self._next_uid = _FIRST_UID

    def deliver(self, folder: str, raw: bytes, internal_at: datetime, flags: Iterable[str] = ()) -> int:
        """Put a mail into `folder` and return its UID. Raise KeyError if there is no such folder."""
        with self._lock:
            mail = StoredMail(self._next_uid, raw, internal_at, frozenset(flags))
            self._mails[folder][mail.uid] = mail
            self._next_uid += _UID_STEP
            return mail.uid

    def move(self, folder: str, uid: int, to: str) -> int:
        """Move a mail, as the clerk does, and return its UID there. Raise KeyError if it is not there."""
        with self._lock:
            mail = replace(self._mails[folder][uid], uid=self._next_uid)
            self._mails[to][mail.uid] = mail
            del self._mails[folder][uid]
            self._next_uid += _UID_STEP
            return mail.uid

    def remove(self, folder: str, uid: int) -> None:
        """Delete a mail for good. Raise KeyError if it is not there."""
        with self._lock:
            del self._mails[folder][uid]

    def flag(self, folder: str, uid: int, flags: Iterable[str]) -> None:
        """Add flags to a mail, if it is still there."""
        with self._lock:
            mail = self._mails[folder].get(uid)
            if mail is not None:
                self._mails[folder][uid] = replace(mail, flags=mail.flags | frozenset(flags))

    def mails(self, folder: str) -> tuple[StoredMail, ...]:
        """Return the mails of `folder`, oldest first. Raise KeyError if there is no such folder."""
        with self._lock:
            return tuple(self._mails[folder].values())

    def find(self, folder: str, uid: int) -> StoredMail | None:
        """Return one mail, or None if it is no longer there."""
        with self._lock:
            return self._mails[folder].get(uid)
