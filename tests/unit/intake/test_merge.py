"""Copies of one form, and answers that complete one."""

from dataclasses import replace

import pytest

from intake.identify import Finding, Source
from intake.merge import answered_by, candidate, complete, differences, join
from intake.model import PartPath, PartRole
from intake.pieces import Filled, Piece, value_key
from parsers.forms import DocumentReading, Doubt, ProblemCode
from tests.builders.judging import CASE, ENTRY, OFFICER, SAND, STONE, entry, file, invalid, lines, officer, stored

BY_FIELD = Finding(STONE, Source.FIELD, STONE)
NOTHING = Finding(STONE, Source.SENDER, "")


def one(document, spec=OFFICER, finding=BY_FIELD, number=0, role=PartRole.ATTACHMENT):
    piece = Piece(PartPath("2"), role, PartPath(""), document)
    return candidate(Filled(piece, spec, document.forms[number]), finding)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("139 0000 0001", "13900000001", True),
        ("示例路1号（东门）", "示例路1号(东门)", True),
        ("０５９５-27390001", "0595－27390001", True),
        ("27390001转801", "27390001", False),
        (True, "True", True),
        (None, "", True),
    ],
)
def test_values_are_compared_by_letters_and_digits(first, second, same):
    assert (value_key(first) == value_key(second)) is same


def test_differences_name_what_was_left_out_too():
    assert differences(officer().fields, officer(mobile="1", email=None).fields) == ("mobile", "email")
    assert differences(officer().fields, officer().fields[:-1]) == ("address",)
    assert differences(officer().fields, officer().fields) == ()


def test_the_editable_file_leads_and_the_order_stays():
    scan, table = one(file("附件2.pdf", officer())), one(file("附件2.docx", officer()))
    other = one(file("附件1.docx", entry()), ENTRY)
    joined = join([scan, other, table])
    assert [(found.spec.id, found.piece.document.name) for found in joined] == [
        ("officer", "附件2.docx"),
        ("entry", "附件1.docx"),
    ]


def test_a_copy_without_its_unit_goes_with_the_one_that_names_it():
    joined = join([one(file("a.docx", officer())), one(file("b.docx", officer(unit=None)), finding=NOTHING)])
    assert [found.finding for found in joined] == [BY_FIELD]


def test_forms_of_two_units_are_never_joined():
    other = Finding(SAND, Source.FIELD, SAND)
    assert len(join([one(file("a.docx", officer())), one(file("b.docx", officer()), finding=other)])) == 2


def test_a_value_that_one_copy_has_wrong_is_a_conflict_and_not_chosen():
    (found,) = join([one(file("a.docx", officer(mobile=invalid("139")))), one(file("a.pdf", officer()))])
    assert [(problem.code, problem.field) for problem in found.problems] == [(ProblemCode.CONFLICT, "mobile")]
    assert found.value("mobile") is None


def test_a_faulty_number_of_the_poorer_copy_is_a_conflict_unless_it_is_the_same_with_a_slip():
    for faulty, told in (("1590596837", ["mobile"]), ("1390000000", []), ("同上", [])):
        lead, other = officer(mobile="13900000001"), officer(mobile=invalid(faulty))
        (found,) = join([one(file("a.docx", lead)), one(file("b.docx", other))])
        assert [problem.field for problem in found.problems] == told, faulty


def test_two_people_of_one_list_stay_two_even_with_one_telephone():
    document = file("a.xlsx", officer(), officer(name="陈立冬"))
    assert len(join([one(document), one(document, number=1)])) == 2


def test_a_renamed_person_with_the_same_mobile_is_a_conflict():
    (found,) = join([one(file("a.docx", officer())), one(file("b.docx", officer(name="林大满")))])
    assert [problem.field for problem in found.problems] == ["name"]


def test_two_cases_are_two_unless_they_are_one_text():
    form = lines(CASE, unit=STONE, title="典型案例")
    first, second = file("1.docx", form, characters=100), file("2.docx", form, characters=90)
    twin, scan = file("3.docx", form, characters=100), file("1.pdf", form, characters=99)
    assert len(join([one(first, CASE), one(second, CASE)])) == 2
    assert len(join([one(first, CASE), one(twin, CASE)])) == 1
    assert len(join([one(first, CASE), one(scan, CASE)])) == 1


def test_an_empty_line_of_an_answer_erases_nothing():
    fields = complete(stored(officer()), lines(OFFICER, mobile="13900000005", email=None), OFFICER)
    assert {field.key: field.value for field in fields}["email"] == "lin@qs.example.com"
    assert [field.key for field in fields] == [field.key for field in OFFICER.fields]


def test_of_several_people_the_named_one_is_meant():
    people = (stored(officer(mobile=None)), stored(officer(name="陈立冬", mobile=None), id=2))
    assert answered_by(lines(OFFICER, name="陈立冬", mobile="1"), people, OFFICER) is people[1]
    assert answered_by(lines(OFFICER, mobile="1"), people, OFFICER) is None
    assert answered_by(lines(OFFICER, mobile="1"), (), OFFICER) is None


def test_two_tables_of_one_unit_in_one_file_are_not_both_believed():
    document = DocumentReading("a.docx", "docx", forms=(officer(), replace(officer(name="陈立冬"), place="table 2")))
    found = join([one(document, number=number) for number in (0, 1)])
    assert [copy.problems[-1].detail for copy in found] == [Doubt.SEVERAL, Doubt.SEVERAL]


def test_people_of_one_list_are_believed():
    document = DocumentReading("a.docx", "docx", forms=(officer(), officer(name="陈立冬", mobile="13900000002")))
    found = join([one(document, number=number) for number in (0, 1)])
    assert [copy.problems for copy in found] == [(), ()]
