"""The first step of a start: what the end of the last process left half done is put in order.

In: the `App`. Out: the archive without half-written files, the letters of uncertain fate marked, the rests ended that a
new password or server may have mended. A record that knows nothing of the newest letter that went out is put on hold.
"""

import hashlib
import hmac
import logging

from intake import outbox, restored
from intake.db import heartbeats
from scheduler import backups, first_letter, last_letter, timekeeping
from scheduler.app import App

log = logging.getLogger(__name__)


def recover(app: App) -> None:
    """At start: half-written files go, letters that were being sent are uncertain until the Sent folder has spoken."""
    app.bench.archive.clean_up()
    backups.hold_if_cut_short(app)
    _hold_if_older(app)
    timekeeping.doubt(app)  # put right while nothing ran: the watch must not tell what the last run has found
    with app.bench.sessions.begin() as session:
        letters = outbox.recover(session, app.clock.now())
        outbox.resolve_uncertain(session, app.clock.now(), None)  # what was never handed over goes out at once
        known = heartbeats.heartbeat(session, "config")
        access = {"mailbox": _fingerprint(app)}
        if known.details != access:
            known.details = access
            heartbeats.end_rests(session)  # a new password or server may have mended what the ticks rest for
        has_written = outbox.has_written_to_units(session)
    if has_written:
        first_letter.mark(app.settings)
    if letters:
        log.warning("action=recover.uncertain letters=%d", letters)


def _hold_if_older(app: App) -> None:
    """Hold everything if the newest letter that went out is unknown here: an old copy of the database was put back by hand."""
    data_dir = app.settings.storage.data_dir
    noted = last_letter.noted(data_dir)
    with app.bench.sessions.begin() as session:
        is_older = bool(noted) and not outbox.was_handed_over(session, noted)
        if is_older and not restored.is_on_hold(session):
            letters = restored.hold(session, restored.Held(app.clock.now(), older=True))
            log.error("action=record.older letters_held=%d", letters)
        newest = outbox.newest_sent(session)
    last_letter.note(data_dir, newest)  # from now on a person knows


def _fingerprint(app: App) -> str:
    """Return a keyed hash of what the servers are reached with: it changes with the password and tells nothing of it."""
    mailbox = app.settings.mailbox
    provider = mailbox.provider
    parts = (mailbox.login, mailbox.password.reveal(), provider.imap_host, provider.smtp_host)
    ports = f"{provider.imap_port} {provider.smtp_port}"
    return hmac.new(app.bench.stationery.signing_key, "\n".join((*parts, ports)).encode(), hashlib.sha256).hexdigest()
