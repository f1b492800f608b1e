"""Laws of answering: whatever a mail amounts to, a machine gets nothing and nobody gets two letters."""

from hypothesis import given
from hypothesis import strategies as st

from intake.assess import Known, assess
from intake.drafting import Incoming
from intake.model import CellState, Disposition, SenderKind, Triage
from intake.reply import answers
from intake.texts import Texts
from parsers.document import FailureCode
from parsers.forms import Problem, ProblemCode
from tests.builders.judging import (
    ARRIVED,
    CAMPAIGN,
    ENTRY,
    LATE_AFTER,
    OFFICER,
    ROSTER,
    SAND,
    SAND_ADDRESS,
    STONE,
    STONE_ADDRESS,
    STRANGER,
    blank,
    entry,
    file,
    invalid,
    lines,
    mail,
    officer,
    prose,
    stored,
)

TEXTS = Texts()
OFFICE = {
    "office": {"name": "区安办", "contact_name": "周立春", "contact_phone": "0595-27390000"},
    "campaign": {"name": "通知", "short_name": "平安行", "document_number": "8号", "mailbox": "office@example.com"},
    "reference": "2025-0042",
}
_values = st.sampled_from([None, "13900000002", invalid("139"), Problem(ProblemCode.AMBIGUOUS, given="两个")])
_units = st.sampled_from([None, STONE, SAND, "青石镇", "外县某镇"])
_forms = st.one_of(
    st.builds(officer, mobile=_values, unit=_units),
    st.builds(entry, phone=_values, unit=_units, has_show=st.sampled_from([True, False, None])),
    st.sampled_from([blank(OFFICER), blank(ENTRY)]),
)
_names = st.sampled_from(["附件1.docx", "附件2.docx", "附件2.pdf", "青石镇总结.docx", "1.jpg", "报送.rar", "~$件.docx"])
_files = st.one_of(
    st.builds(lambda name, forms: file(name, *forms), _names, st.lists(_forms, max_size=2)),
    st.builds(lambda name, code: file(name, failure=code), _names, st.sampled_from(FailureCode)),
    st.builds(prose, _names, st.sampled_from(["青石镇活动总结", "典型案例", "关于某事的通知"])),
)
_texts = st.sampled_from(
    ["", "见附件", "请问怎么填？", "收到，谢谢", "我镇无意向。", "无", "手机：13900000005", "更正如下"]
)
_mails = st.builds(
    lambda files, text, body, sender, subject: mail(
        *files, text=text, body=tuple(body), sender=sender, subject=subject
    ),
    st.lists(_files, max_size=3),
    _texts,
    st.lists(st.builds(lines, st.just(OFFICER), mobile=_values), max_size=1),
    st.sampled_from([STONE_ADDRESS, SAND_ADDRESS, STRANGER, ""]),
    st.sampled_from(["材料", "联络员反馈表", "回复：回执", "白沙镇总结"]),
)
_stored = st.builds(
    stored,
    st.builds(officer, mobile=_values),
    unit=st.sampled_from([STONE, SAND]),
    state=st.sampled_from([CellState.ACCEPTED, CellState.CORRECTION, CellState.REVIEW, CellState.NO_INTENT]),
    sender=st.sampled_from([STONE_ADDRESS, STRANGER]),
)
_known = st.builds(
    lambda current, answered: Known(current=current, answered=current if answered else ()),
    st.lists(_stored, max_size=2).map(tuple),
    st.booleans(),
)
_triages = st.builds(
    lambda kind, answerable: Triage(kind, answerable=answerable, why=""), st.sampled_from(SenderKind), st.booleans()
)


@given(_mails, _triages, _known)
def test_a_mail_gets_at_most_one_letter_and_a_machine_none(reading, triage, known):
    judged = assess(reading, triage, campaign=CAMPAIGN, roster=ROSTER, known=known, arrived_at=ARRIVED)
    drafts = answers(
        judged,
        reading,
        triage,
        incoming=Incoming(1, "ab" * 32, ARRIVED, ARRIVED),
        campaign=CAMPAIGN,
        roster=ROSTER,
        known=known,
        late_after=LATE_AFTER,
    )
    assert len(drafts) <= 1
    if triage.kind is not SenderKind.PERSON or not triage.answerable or not reading.head.from_address:
        assert not drafts
    if judged.disposition is Disposition.IGNORED:
        assert not drafts
    for draft in drafts:
        assert draft.to_address == reading.head.from_address
        letter = TEXTS.letter(draft.kind, {**OFFICE, "unit": draft.unit or "", **draft.context})
        assert "None" not in letter.subject + letter.body


@given(_mails, _triages, _known)
def test_a_judgement_is_what_its_submissions_say(reading, triage, known):
    judged = assess(reading, triage, campaign=CAMPAIGN, roster=ROSTER, known=known, arrived_at=ARRIVED)
    assert judged == assess(reading, triage, campaign=CAMPAIGN, roster=ROSTER, known=known, arrived_at=ARRIVED)
    assert judged.reasons
    if judged.disposition is Disposition.ACCEPTED:
        assert judged.submissions or judged.no_intent
        assert not judged.file_problems
        assert all(one.unit is not None and not one.problems and not one.review for one in judged.submissions)
    if judged.disposition is Disposition.IGNORED:
        assert not judged.submissions
    for one in judged.submissions:
        assert one.source in {part.path for part in reading.documents}


@given(_mails)
def test_no_filled_form_of_a_person_is_lost(reading):
    person = Triage(SenderKind.PERSON, answerable=True, why="")
    judged = assess(reading, person, campaign=CAMPAIGN, roster=ROSTER, known=None, arrived_at=ARRIVED)
    filled = {
        form.form
        for part in reading.documents
        if part.path != "1"
        for form in part.document.forms
        if any(field.value is not None and field.key != "unit" for field in form.fields)
    }
    assert filled <= {one.form for one in judged.submissions}
