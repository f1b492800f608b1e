"""Settings for a mailbox on loopback, and a record in memory: what the tests of fetching share."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from intake.fetch import Known, Sighting
from intake.model import Sha256
from intake.providers import PROVIDERS
from intake.settings import Mailbox, Polling, Secret, Security

ADDRESS = "office@mail.example.com"
CODE = "ABCDEFGHIJKLMNOP"
NOON = datetime(2025, 5, 28, 4, 0, tzinfo=UTC)
POLLING = Polling(
    interval_s=120, command_timeout_s=5, poll_deadline_s=20, large_mail_bytes=100_000, maximum_mail_bytes=30_000_000
)


def mailbox_at(
    port: int,
    *,
    host: str = "127.0.0.1",
    provider: str = "126",
    password: str = CODE,
    security: Security = Security.NONE,
    folders: tuple[str, ...] = ("INBOX",),
    ca_file: Path | None = None,
    login: str = ADDRESS,
) -> Mailbox:
    """Return the settings of the mailbox at a port of this machine."""
    return Mailbox(
        address=ADDRESS,
        login=login,
        password=Secret(password),
        display_name="区安办",
        provider=replace(PROVIDERS[provider], imap_host=host, imap_port=port),
        imap_security=security,
        smtp_security=Security.NONE,
        folders=folders,
        ca_file=ca_file,
    )


@dataclass
class MemoryRecord:
    """`fetch.Record` in memory: (folder, UIDVALIDITY, UID) → what became of it."""

    rows: dict[tuple[str, int, int], tuple[str, Sighting, Sha256 | None]] = field(default_factory=dict)
    sizes: dict[Sha256, int] = field(default_factory=dict)
    doubts: bool = False  # a day has passed since the mails were kept that were not as long as announced

    def known(self, account, folder, uid_validity):
        assert account == ADDRESS
        return {
            uid
            for (name, validity, uid), (state, _, _) in self.rows.items()
            if (name, validity) == (folder, uid_validity) and state != "vanished"
        }

    def told(self, account, folder, uid_validity, uids):
        assert account == ADDRESS
        places = {uid: self.rows.get((folder, uid_validity, uid)) for uid in uids}
        return {
            uid: Known(sighting.size_bytes, sighting.internal_at, sha256, self.doubts and state == "mismatch")
            for uid, (state, sighting, sha256) in ((uid, place) for uid, place in places.items() if place)
        }

    def archived(self, sighting, sha256, size_bytes, *, mismatch):
        self._add(sighting, "mismatch" if mismatch else "archived", sha256)
        self.sizes[sha256] = size_bytes

    def vanished(self, sighting):
        self._add(sighting, "vanished")

    def oversize(self, sighting):
        self._add(sighting, "oversize")

    def oversized(self, account):
        assert account == ADDRESS
        return [sighting for state, sighting, _ in self.rows.values() if state == "oversize"]

    def states(self, folder="INBOX"):
        """Return UID → what became of it, for one folder."""
        return {uid: state for (name, _, uid), (state, _, _) in self.rows.items() if name == folder}

    def hashes(self):
        """Return the hashes of all archived mails."""
        return {sha256 for _, _, sha256 in self.rows.values() if sha256 is not None}

    def _add(self, sighting, state, sha256=None):
        key = (sighting.folder, sighting.uid_validity, sighting.uid)
        before = self.rows.pop(key, None)
        if before is not None and before[2] not in (None, sha256):
            if state == "vanished":
                self.rows[key] = before
                return
            aside = min(validity for _, validity, _ in [*self.rows, ("", 0, 0)]) - 1
            self.rows[sighting.folder, min(aside, -1), sighting.uid] = before
        self.rows[key] = (state, sighting, sha256)
