"""Two looks at a scan: what agrees is believed, everything else is shown with its picture."""

import pytest

from parsers.document import Cell, Grid, Paragraph
from parsers.engines import STROKE
from parsers.forms import FieldReading, FormReading, Leftover, Problem, ProblemCode
from parsers.looks import UNPROVED_ADDRESS, agreed
from tests.builders.forms import FORMS

GRID = Grid(1, 1, (Cell(0, 0, "x", "c1", picture="SlBH"),), "t")


def field(key, raw, value=None, problem=None):
    value = (raw or None) if value is None and problem is None else value
    return FieldReading(key, raw, value, key, "c1", "right", None if problem is None else Problem(problem, key))


def form(*fields, name="liaison", **rest):
    return FormReading(name, "", fields, "t", **rest)


def compared(first, second):
    (found,) = agreed((first,), (second,), (GRID,), FORMS)
    return found


def test_equal_values_stay_as_they_are():
    both = form(field("name", "王晓云"), field("fax", "", value=None))
    assert compared(both, both) == both


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (field("mobile", "13805950002"), field("mobile", "13805950008")),
        (field("mobile", "13805950002"), field("mobile", "1380595000", problem=ProblemCode.INVALID)),
        (field("email", "a.b@example.com"), field("email", "ab@example.com")),
        (field("name", "王晓云"), field("name", "", problem=ProblemCode.MISSING)),
        (field("fax", "", problem=ProblemCode.MISSING), field("fax", "059527390000")),
        # the same fault in two wordings: a digit that the engine lost is no digit that the unit left out
        (
            field("mobile", "1380595000", problem=ProblemCode.INVALID),
            field("mobile", "1380595002", problem=ProblemCode.INVALID),
        ),
    ],
)
def test_what_differs_is_unreadable_and_shows_its_picture(first, second):
    found = compared(form(first), form(second)).fields[0]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.UNREADABLE
    assert (found.raw, found.picture) == (first.raw, "SlBH")


def test_width_and_blanks_are_no_difference():
    assert compared(form(field("name", "王 晓云")), form(field("name", "王晓云"))).fields[0].problem is None


def test_a_fault_that_both_looks_see_alike_stays_that_fault():
    short = field("mobile", "1380595000", problem=ProblemCode.INVALID)
    found = compared(form(short), form(short)).fields[0]
    assert (found.problem.code, found.picture) == (ProblemCode.INVALID, "SlBH")


def test_a_field_that_one_look_lost_is_doubtful_on_either_side():
    full, short = form(field("name", "王晓云"), field("fax", "0595")), form(field("name", "王晓云"))
    for first, second in ((full, short), (short, full)):
        found = compared(first, second)
        assert found.field("name").problem is None
        assert found.field("fax").problem.code is ProblemCode.UNREADABLE


@pytest.mark.parametrize(("first", "second"), [((form(field("name", "王")),), ()), ((), (form(field("name", "王")),))])
def test_a_form_that_only_one_look_sees_is_doubtful_as_a_whole(first, second):
    (found,) = agreed(first, second, (), FORMS)
    assert [problem.code for problem in found.problems] == [ProblemCode.UNREADABLE]
    assert found.fields[0].problem.code is ProblemCode.UNREADABLE


def test_a_blank_form_is_blank_only_if_both_looks_say_so():
    empty = form(field("name", "", value=None), blank=True)
    filled = form(field("name", "王晓云"))
    assert compared(empty, empty).blank
    assert not compared(empty, filled).blank
    assert compared(empty, filled).fields[0].problem.code is ProblemCode.UNREADABLE


def test_several_people_are_compared_in_their_order():
    people = tuple(form(field("name", name)) for name in ("王晓云", "林涛"))
    assert agreed(people, people, (), FORMS) == people
    assert len(agreed(people, people[:1], (), FORMS)) == 2


@pytest.mark.parametrize(
    ("address", "score", "counts"),
    [
        ("user747@unit.example.com", 0.95, True),
        ("user747@unit.example.com", 0.85, False),
        ("user747@unit.examp1e.com", 0.99, False),
        ("lin.chen@126.com", 0.99, False),  # l, or 1
        ("wang1990@126.com", 0.99, False),
        ("chen0086@126.com", 0.99, False),
        ("wang2010@126.com", 0.99, True),
        ("office_two.bgs3@yeah.net", 0.99, True),
        ("3ab@126.com", 0.99, False),
        ("User747@126.com", 0.99, False),
        ("userOne@126.com", 0.99, False),
        ("27398830@126.com", 0.3, True),
        ("2096640503@qq.com", 0.3, True),
        ("2096640503@gg.com", 0.99, False),
    ],
)
def test_an_address_counts_if_no_sign_in_it_may_be_another(address, score, counts):
    grid = Grid(1, 1, (Cell(0, 0, address, "c1", picture="SlBH", score=score),), "t")
    both = form(field("email", address))
    (found,) = agreed((both,), (both,), (grid,), FORMS)
    problem = found.field("email").problem
    assert (problem is None) == counts
    assert counts or (problem.detail, found.field("email").picture) == (UNPROVED_ADDRESS, "SlBH")
    note = form(field("address", address))
    assert compared(note, note).field("address").problem is None, "only addresses of mail are so brittle"


def test_the_likelihood_of_a_line_outside_tables_counts_as_well():
    both = form(field("email", "user747@126.com"))
    for score, problems in ((0.95, 0), (0.5, 1)):
        (found,) = agreed((both,), (both,), (Paragraph("x", "c1", score),), FORMS)
        assert sum(one.problem is not None for one in found.fields) == problems


def test_what_is_empty_on_a_doubtful_scan_is_doubtful_too():
    empty = field("fax", "", value=None)
    sure, torn = form(field("name", "王晓云"), empty), form(field("name", "王晓"), empty)
    assert compared(sure, sure).field("fax").problem is None
    assert compared(sure, torn).field("fax").problem.code is ProblemCode.UNREADABLE


def test_one_character_taken_for_another_makes_nothing_else_doubtful():
    one, other = form(field("name", "王晓云"), field("fax", "", value=None)), form(field("name", "王晓雲"))
    found = compared(one, other)
    assert found.field("name").problem.code is ProblemCode.UNREADABLE
    assert found.field("fax").problem is None


def test_so_is_a_label_that_was_not_found_on_it():
    only, torn = form(field("name", "王晓云")), form(field("name", "王晓"))
    assert compared(only, only) == only
    assert compared(only, torn).field("fax").problem.code is ProblemCode.UNREADABLE


def test_text_on_a_scan_that_nothing_explains_makes_the_form_doubtful():
    whole = form(field("position", "安全"))
    torn = form(field("position", "安全"), leftovers=(Leftover("员", "c2"),))
    for first, second in ((torn, whole), (whole, torn)):
        assert [problem.code for problem in compared(first, second).problems] == [ProblemCode.AMBIGUOUS]
    assert compared(whole, whole).problems == ()


@pytest.mark.parametrize(
    ("key", "problem"),
    [("fax", None), ("mobile", ProblemCode.MISSING), ("address", ProblemCode.UNREADABLE)],
)
def test_a_stroke_alone_says_nothing_is_given_where_it_can_be_no_value(key, problem):
    stroke = field(key, STROKE, problem=ProblemCode.UNREADABLE)
    found = compared(form(stroke), form(stroke)).fields[0]
    assert found.value is None
    assert (found.problem.code if found.problem else None) == problem
    other = compared(form(stroke), form(field(key, "13805950002"))).fields[0]
    assert other.problem.code is ProblemCode.UNREADABLE, "only if both looks see it"
