"""What may lean on a mail: forms that count unseen because one from the same address counted for their unit.

In: a message as it counted and as it counts now, after a person decided about it or took a decision back. Out: the other
mails of its sender that are to be judged anew. Who lets a stranger's form pass and then finds that it was a mistake must
not have to hunt for what came in behind it.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db import by_hand, queries
from intake.db.models import MessageRow, SubmissionRow
from intake.model import CellState, Trust, UnitName
from intake.roster import Roster
from intake.settings import Campaign


def put_back(
    session: Session,
    row: MessageRow,
    before: by_hand.Judged,
    after: by_hand.Judged,
    campaign: Campaign,
    roster: Roster,
) -> tuple[int, ...]:
    """Put the mails that may lean on `row`, which counts less now, back to be read again; return their numbers.

    Not which of them were let in by it (as a confirmed address, as the sender of the version in force) is asked, for
    judging them anew tells: what stands by itself is accepted again, and its letters are not written a second time
    (`queries.reset_messages`). All together, or two forms that came afterwards would confirm their sender to each other.
    """
    lost = _accepted(before, roster) - _accepted(after, roster)
    if not lost or not row.from_address:
        return ()
    found = session.execute(
        select(SubmissionRow.message_id, SubmissionRow.unit)
        .join(MessageRow, MessageRow.id == SubmissionRow.message_id)
        .where(
            SubmissionRow.campaign == campaign.id,
            SubmissionRow.trust != Trust.ROSTER,  # the unit's own address leans on nothing
            MessageRow.from_address == row.from_address,
            MessageRow.id != row.id,
            MessageRow.sha256.not_in(by_hand.DECIDED),  # these are as a person wants them
        )
    )
    leaning = {number for number, unit in found if unit and roster.name_of_the_day(unit) in lost}
    if leaning:
        queries.reset_messages(session, leaning)
    return tuple(sorted(leaning))


def _accepted(case: by_hand.Judged, roster: Roster) -> set[UnitName]:
    return {
        roster.name_of_the_day(one.unit) for one in case.now if one.unit is not None and one.state is CellState.ACCEPTED
    }
