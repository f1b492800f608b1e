"""Mails that are not from the address in From, or may not be: who is believed, who is told, and what is repeated."""

from dataclasses import replace

import pytest

from intake.assess import Known, assess
from intake.authentication import Grounds
from intake.drafting import Incoming
from intake.explain import explanation
from intake.explain_words import AUTHENTICATION_WORDS
from intake.head import VERIFIED_RESULTS
from intake.identify import trust_of
from intake.model import CellState, Disposition, LetterKind, SenderKind, Trust
from intake.reasons import FOREIGN_SENDER, REFUTED
from intake.reply import answers
from intake.texts import Texts
from intake.triage import triage
from parsers.document import FailureCode
from parsers.forms import ProblemCode
from tests.builders.judging import (
    ARRIVED,
    CAMPAIGN,
    LATE_AFTER,
    OFFICER,
    PERSON,
    ROSTER,
    STONE,
    STONE_ADDRESS,
    STRANGER,
    file,
    machine,
    mail,
    officer,
    stored,
)
from tests.builders.judging import (
    blank as blank_form,
)
from tests.unit.intake.test_reply import OFFICE

REFUTING = "spf=softfail smtp.mail=qingshi@qs.example.com; dkim=none"
FOREIGN = "spf=pass smtp.mail=x@evil.example.org; dkim=none"
PROVING = "spf=pass smtp.mail=someone@mail.example.net; dkim=none"
TEXTS = Texts()
KNOWN_BEFORE = Known(current=(stored(officer(mobile="13900000002")),))


def sent(results, *files, sender=STONE_ADDRESS, **more):
    return mail(*files, sender=sender, signals=((VERIFIED_RESULTS, f"mx-1; {results}"),), **more)


def judge(reading, known=None, triage_=PERSON):
    return assess(reading, triage_, campaign=CAMPAIGN, roster=ROSTER, known=known or Known(), arrived_at=ARRIVED)


def reply(reading, known=None, triage_=PERSON):
    known = known or Known()
    judged = judge(reading, known, triage_)
    incoming = Incoming(id=3, sha256="ab" * 32, arrived_at=ARRIVED, now=ARRIVED)
    return answers(
        judged,
        reading,
        triage_,
        incoming=incoming,
        campaign=CAMPAIGN,
        roster=ROSTER,
        known=known,
        late_after=LATE_AFTER,
    )


def body(draft):
    return TEXTS.letter(draft.kind, {**OFFICE, "unit": draft.unit or "", **draft.context}).body


# --- whom we believe -------------------------------------------------------------------------------------------------


def test_a_refuted_address_of_the_roster_speaks_for_nobody():
    assert trust_of(STONE_ADDRESS, STONE, roster=ROSTER, confirmed={}) is Trust.ROSTER
    assert trust_of(STONE_ADDRESS, STONE, roster=ROSTER, confirmed={}, refuted=True) is Trust.UNKNOWN
    (one,) = judge(sent(REFUTING, file("附件2.docx", officer()))).submissions
    assert one.trust is Trust.UNKNOWN


@pytest.mark.parametrize("known", [None, KNOWN_BEFORE], ids=["first", "update"])
def test_a_refuted_form_waits_for_a_person_whatever_it_would_replace(known):
    judged = judge(sent(REFUTING, file("附件2.docx", officer())), known)
    assert judged.disposition is Disposition.REVIEW
    assert judged.reasons[0] == REFUTED
    assert all(one.review for one in judged.submissions)


def test_a_refuted_update_is_told_as_one_even_from_the_very_address():
    (one,) = judge(sent(REFUTING, file("附件2.docx", officer())), KNOWN_BEFORE).submissions
    assert ProblemCode.UNTRUSTED_SENDER in {problem.code for problem in one.problems}


def test_a_refuted_refusal_or_locked_file_puts_nothing_into_a_state():
    declined = judge(sent(REFUTING, text="我镇无意向联合举办。"))
    assert (declined.disposition, declined.no_intent) == (Disposition.REVIEW, ())
    beside = judge(sent(REFUTING, file("附件2.docx", officer()), text="我镇无意向联合举办。"))
    assert beside.no_intent == ()
    locked = judge(sent(REFUTING, file("附件2.docx", failure=FailureCode.ENCRYPTED)))
    assert locked.disposition is Disposition.REVIEW
    assert all(one.review for one in locked.submissions)


def test_a_foreign_sender_replaces_nothing_accepted_but_may_mend_what_is_open():
    update = sent(FOREIGN, file("附件2.docx", officer()))
    judged = judge(update, KNOWN_BEFORE)
    assert judged.disposition is Disposition.REVIEW
    assert FOREIGN_SENDER in judged.reasons
    still_open = replace(KNOWN_BEFORE.current[0], state=CellState.CORRECTION)
    assert judge(update, Known(current=(still_open,))).disposition is Disposition.ACCEPTED
    assert judge(update).disposition is Disposition.ACCEPTED


@pytest.mark.parametrize("results", [PROVING.replace("someone@mail.example.net", STONE_ADDRESS), "spf=none"])
def test_an_address_of_the_roster_replaces_its_own_version(results):
    judged = judge(sent(results, file("附件2.docx", officer())), KNOWN_BEFORE)
    assert judged.disposition is Disposition.ACCEPTED


def test_proof_of_a_stranger_does_not_make_him_the_unit():
    judged = judge(sent(PROVING, file("附件2.docx", officer()), sender=STRANGER), KNOWN_BEFORE)
    assert judged.disposition is Disposition.REVIEW


# --- whom we tell ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [STONE_ADDRESS, STRANGER])
def test_in_whose_name_a_refuted_mail_comes_is_told_in_neutral_words(sender):
    reading = sent(REFUTING, file("某某.docx", officer(name="冒名者")), sender=sender, subject="点我")
    (draft,) = reply(reading)
    assert (draft.kind, draft.to_address, draft.unit) == (LetterKind.RECEIVED, STONE_ADDRESS, STONE)
    assert (draft.in_reply_to, draft.references) == ("", ())
    told = body(draft)
    assert "以贵单位名义" in told
    assert not any(words in told for words in ("冒名者", "13900000001", "某某", "点我", STRANGER))


def test_the_unit_is_told_once_a_day_however_much_is_forged():
    first, second = (reply(sent(REFUTING, file(f"{name}.docx", officer()))) for name in "甲乙")
    assert first[0].key == second[0].key


@pytest.mark.parametrize(
    "reading",
    [
        sent(REFUTING, file("附件2.docx", officer(unit="外县某镇")), sender=STRANGER),
        sent(REFUTING, text="请问怎么填？", sender=STRANGER),
        sent(REFUTING, text="收到，谢谢。", subject="回复：回执"),
    ],
    ids=["unknown unit", "a question", "thanks"],
)
def test_without_a_unit_only_the_clerk_sees_it(reading):
    assert reply(reading) == ()


def test_a_refuted_machine_causes_no_letter_at_all():
    reading = sent(REFUTING, file("附件2.docx", officer()))
    assert reply(reading, triage_=machine(SenderKind.SYSTEM)) == ()


# --- what is repeated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "results", "full"),
    [
        (STRANGER, PROVING, True),
        (STRANGER, "spf=none", False),
        (STRANGER, FOREIGN, False),
        (STONE_ADDRESS, "spf=none", True),
        (STONE_ADDRESS, FOREIGN, True),
    ],
)
def test_numbers_are_repeated_to_the_roster_and_to_the_proved(sender, results, full):
    (draft,) = reply(sent(results, file("附件2.docx", officer()), sender=sender))
    assert draft.to_address == sender
    assert ("13900000001" in body(draft)) is full


def test_names_of_files_are_repeated_to_the_proved():
    odd = file("我的材料.docx", officer(unit="外县某镇"))
    assert "我的材料" in body(reply(sent(PROVING, odd, sender=STRANGER))[0])
    assert "我的材料" not in body(reply(sent("spf=none", odd, sender=STRANGER))[0])


# --- what else follows -----------------------------------------------------------------------------------------------


def test_a_null_path_in_the_results_is_never_answered():
    reading = sent("spf=none smtp.mail=; dkim=none", file("附件2.docx", officer()))
    assert not triage(reading.head, reading, own_addresses=frozenset()).answerable
    reading = sent("spf=none smtp.mail=a@example.net", file("附件2.docx", officer()))
    assert triage(reading.head, reading, own_addresses=frozenset()).answerable


def test_the_explanation_says_what_is_proved():
    for results, grounds in ((REFUTING, Grounds.FAILED), (FOREIGN, Grounds.FOREIGN)):
        reading = sent(results, file("附件2.docx", blank_form(OFFICER)))
        told = explanation(reading, PERSON, judge(reading), {}, campaign=CAMPAIGN, roster=ROSTER)
        assert told.proof == AUTHENTICATION_WORDS[grounds]


def test_every_ground_has_its_words():
    assert set(AUTHENTICATION_WORDS) == set(Grounds)
