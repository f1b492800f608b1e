"""Junk-like folders: spam is ignored, a form from somebody unknown is confirmed by a person, a known sender counts."""

from intake.junk import as_junk
from intake.model import Assessment, Disposition, FormId, PartPath, Submission, Trust, UnitName


def submission(trust: Trust) -> Submission:
    return Submission(FormId("liaison"), UnitName("青石镇人民政府"), (), (), "表.docx", PartPath("1"), trust=trust)


def test_a_strangers_mail_without_a_form_is_spam_and_nobody_is_asked():
    asked = Assessment(Disposition.REVIEW, ("咨询",))
    assert as_junk(asked, known_sender=False).disposition is Disposition.IGNORED


def test_a_strangers_form_waits_for_a_person():
    judged = as_junk(Assessment(Disposition.ACCEPTED, (), (submission(Trust.UNKNOWN),)), known_sender=False)
    assert judged.disposition is Disposition.REVIEW
    assert judged.submissions[0].review


def test_a_strangers_no_intent_is_told_to_a_person_and_stored_for_nobody():
    said = Assessment(Disposition.ACCEPTED, (), no_intent=((UnitName("青石镇人民政府"), FormId("registration")),))
    judged = as_junk(said, known_sender=False)
    assert (judged.disposition, judged.no_intent) == (Disposition.REVIEW, ())


def test_a_known_senders_mail_counts_as_if_it_had_come_to_the_inbox():
    for assessment in (
        Assessment(Disposition.ACCEPTED, (), (submission(Trust.ROSTER),)),
        Assessment(Disposition.CORRECTION, ("损坏",)),
    ):
        assert as_junk(assessment, known_sender=True) == assessment
