"""An assessment as the JSON object that `intake inspect --json` prints (the contract is fixed in DESIGN). Pure.

Stage before: `assess`. Out: one object a mail. A fault of a file or of the mail is a submission without form, unit and
fields, so that a machine finds every problem in one place.
"""

from collections.abc import Iterable, Mapping

from intake.fault_words import file_text, problem_text
from intake.model import Assessment, FileProblem, Submission
from parsers.forms import FormSpec, Problem, ProblemCode

# What a file cannot be read for is told in the message; the contract has one code for it.
_CODES: Mapping[ProblemCode, str] = {
    ProblemCode.DAMAGED: "unreadable",
    ProblemCode.UNSUPPORTED: "unreadable",
    ProblemCode.NEEDS_ENGINE: "unreadable",
    ProblemCode.TOO_LARGE: "unreadable",
}


def to_contract(assessment: Assessment, source: str, forms: Iterable[FormSpec]) -> dict[str, object]:
    """Given what a mail amounts to and where it came from, return the object that `inspect --json` prints.

    `forms` are the campaign's: a field whose label does not stand on the sender's form is named as the campaign names it.
    """
    labels = {form.id: {field.key: field.label for field in form.fields} for form in forms}
    told = {(one.attachment or "", problem) for one in assessment.submissions for problem in one.problems}
    files = [one for one in assessment.file_problems if (one.file, one.problem) not in told]
    return {
        "source": source,
        "disposition": str(assessment.disposition),
        "reason": "；".join(assessment.reasons),
        "submissions": [
            *(_submission(one, labels.get(one.form, {})) for one in assessment.submissions),
            *(_file(one) for one in files),
        ],
    }


def _submission(submission: Submission, own: Mapping[str, str]) -> dict[str, object]:
    labels = {**own, **{field.key: field.label for field in submission.fields if field.label}}
    return {
        "form": str(submission.form),
        "unit": submission.unit,
        "fields": {field.key: field.value for field in submission.fields},
        "problems": [_problem(problem, labels.get(problem.field or "", "")) for problem in submission.problems],
        "attachment": submission.attachment,
    }


def _file(found: FileProblem) -> dict[str, object]:
    return {
        "form": None,
        "unit": None,
        "fields": {},
        "problems": [_problem(found.problem, "")],
        "attachment": found.file or None,
    }


def _problem(problem: Problem, label: str) -> dict[str, object]:
    about_a_file = problem.field is None
    message = file_text(problem, clerk=True) if about_a_file else problem_text(problem, label or problem.field or "")
    return {"field": problem.field, "code": _CODES.get(problem.code, str(problem.code)), "message": message}
