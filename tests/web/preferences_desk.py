"""An office with a config.toml and a roster of its own, a morning's matter in its record, and a desk before it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

from sqlalchemy import select, update

from intake.config import load
from intake.db.models import AuditRow, OutboxRow
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.web.application import make_application
from tests.builders import office
from tests.builders.site import site
from tests.web.conftest import Client


@dataclass
class Preferences:
    """The desk of that office: `config` and `roster` are its files."""

    app: App
    client: Client
    config: Path

    @property
    def roster(self) -> Path:
        return self.config.with_name("roster.csv")

    def audit(self) -> list[tuple[str, str, dict[str, object]]]:
        with self.app.bench.sessions() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
            return [(row.who, row.action, row.details) for row in rows]

    def hold(self) -> list[int]:
        """Make all letters wait; return their numbers."""
        with self.app.bench.sessions.begin() as session:
            session.execute(update(OutboxRow).values(state="held", attempt=0, sent_at=None))
            return list(session.scalars(select(OutboxRow.id)))

    def states(self) -> list[str]:
        with self.app.bench.sessions() as session:
            return list(session.scalars(select(OutboxRow.state)))

    def submit(self, page: str, action: str, **more: str):
        """Send the form of a page that leads to `action`, with what it hides, as a browser does."""
        text = self.client.get(page).text
        found = re.search(rf'<form method="post" action="{re.escape(action)}"(.*?)</form>', text, re.DOTALL)
        assert found, text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[1]))
        return self.client.post(action, hidden | more)


@contextmanager
def preferences_desk(folder: Path, morning: Path, *, mode: str = "hold") -> Iterator[Preferences]:
    """Open the desk of a site in `folder` over a copy of the morning's data."""
    config = site(folder, imap_port=9, smtp_port=9, mode=mode)
    data = copytree(morning, folder / "data")
    settings = load(config, environment={}, need_password=False)
    storage = replace(settings.storage, database_url=f"sqlite:///{data}/intake.sqlite")
    with open_app(replace(settings, storage=storage), SteppedClock(office.START)) as app:
        client = Client(make_application(app))
        client.log_in()
        yield Preferences(app, client, config)
