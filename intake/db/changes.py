"""The audit: a line for each change that a person makes, in the transaction of the change itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.db.models import AuditRow


def note(session: Session, *, who: str, action: str, subject: str, now: datetime, **details: object) -> None:
    """Given what `who` does to `subject` ("letter 12"), write it down. `details` hold counts and words, nothing personal."""
    session.add(AuditRow(at=now, who=who[:64], action=action[:32], subject=subject[:300], details=details))
