"""One morning's numbers: `status`, the 日报 (subject and body), the 汇总表 and 统计 count every unit alike."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

from intake.db.models import OutboxRow
from intake.mime import unpack
from intake.model import LetterKind
from intake.summary_tables import tables
from scheduler import figures, papers
from scheduler.desk import status
from tests.builders import office
from tests.rig.clerk import LIAISON, TOWN

ADDRESS = office.UNITS[TOWN]


def numbers(desk) -> set[str]:
    """What each of the lists says of 附件2, as words: one if they agree."""
    collection = next(one for one in desk.app.settings.campaign.collections if one.id == LIAISON)
    caption = str(status.matrix(desk.app, desk.ledger(), now=desk.now).caption)
    (told,) = re.findall(rf"《{collection.form.title}》(.*)", caption)
    (digest,) = re.findall(rf"《{collection.form.title}》：(.*?)[（。]", morning(desk)[1])
    progress = tables(papers.present_matter(desk.app))[0]
    at = next(at for at, one in enumerate(progress.columns) if collection.form.title in one.heading)
    return {told, digest, re.sub(r"\s", "，", str(progress.totals[at].value))}


def morning(desk) -> tuple[str, str]:
    """The digest of this moment: subject and body."""
    settings = replace(desk.app.settings, clerk=replace(desk.app.settings.clerk, addresses=(office.CLERK,)))
    app = replace(desk.app, bench=replace(desk.bench, settings=settings))
    with desk.bench.sessions.begin() as session:
        papers.write_digest(app, session, desk.now)
    (row,) = [one for one in desk.rows(OutboxRow) if one.kind == LetterKind.DIGEST]
    return row.subject, unpack(row.raw).own_text


def test_a_form_in_force_is_accepted_whatever_came_after_it(desk):
    desk.receives_form(TOWN)
    desk.receives_form(TOWN, name="陈立冬", mobile="")
    assert numbers(desk) == {"应报3，已报1，已受理1，其中新来件待补正1，未报2"}
    assert "已报1/3" in morning(desk)[0]


def test_a_file_that_could_not_be_opened_was_sent_and_is_to_be_mended(desk):
    desk.receives(ADDRESS, "联络员反馈表", text="见附件\n", attachment=office.liaison(TOWN)[:3000])
    assert numbers(desk) == {"应报3，已报1，已受理0，待补正1，未报2"}
    assert "已报1/3" in morning(desk)[0]


def test_a_none_that_waits_for_the_clerk_is_no_form(desk):
    while not (sent := [row for row in desk.rows(OutboxRow) if row.unit == TOWN and LIAISON in row.forms]):
        desk.goes_on(timedelta(hours=1))
    answer = message_from_bytes(sent[-1].raw)["Message-ID"]
    desk.receives(ADDRESS, f"回复：{sent[-1].subject}", text="无\n", In_Reply_To=answer)
    assert numbers(desk) == {"应报3，已报0，已受理0，答复“无”1，未报2"}
    assert "已报0/3" in morning(desk)[0]
    (times,) = [
        one
        for one in figures.timeliness(desk.app.settings.campaign, desk.bench.roster, desk.ledger(), ())
        if one.form == LIAISON
    ]
    assert (times.came, times.declined, times.silent) == (0, 1, 2)
