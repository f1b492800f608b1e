"""One alarm for one trouble, at once if it will not mend itself, else after half an hour; one all-clear."""

from datetime import UTC, datetime, time, timedelta

from intake.settings import Clerk
from scheduler.alarms import PATIENCE, Trouble, alarm_drafts, alarm_key, all_clear_drafts

BEGAN = datetime(2025, 5, 29, 6, 20, tzinfo=UTC)
CLERK = Clerk(("a@example.com", "b@example.com"), time(9))


def trouble(*, permanent: bool) -> Trouble:
    return Trouble("fetch", BEGAN, "登录被拒绝", permanent)


def test_what_may_mend_itself_is_told_only_when_it_lasts():
    assert alarm_drafts(trouble(permanent=False), CLERK, BEGAN + PATIENCE - timedelta(seconds=1)) == ()
    assert len(alarm_drafts(trouble(permanent=False), CLERK, BEGAN + PATIENCE)) == 2


def test_what_somebody_must_mend_is_told_at_once():
    drafts = alarm_drafts(trouble(permanent=True), CLERK, BEGAN)
    assert [draft.to_address for draft in drafts] == list(CLERK.addresses)
    assert drafts[0].context["answer"] == "登录被拒绝"


def test_the_same_trouble_has_the_same_key_however_often_it_is_looked_at_and_its_end_another():
    first = alarm_drafts(trouble(permanent=True), CLERK, BEGAN)
    again = alarm_drafts(trouble(permanent=True), CLERK, BEGAN + timedelta(hours=5))
    assert (
        [one.key for one in first]
        == [one.key for one in again]
        == [alarm_key(trouble(permanent=True), to) for to in CLERK.addresses]
    )
    over = all_clear_drafts(trouble(permanent=True), CLERK, BEGAN + timedelta(hours=5))
    assert not {one.key for one in over} & {one.key for one in first}
    assert over[0].context["recovered"] is True
    assert over[0].context["until"] == (BEGAN + timedelta(hours=5)).isoformat()
    set_back = all_clear_drafts(trouble(permanent=True), CLERK, BEGAN - timedelta(hours=5))
    assert set_back[0].context["until"] == "", "of a clock that was fast"
