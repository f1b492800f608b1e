"""What a form asks (specifications, from configuration) and what was read out of a document (readings).

Forms are data: the code knows field *types*, not this or that notice. A reading keeps for every value the raw text,
the place it stood and the rule by which it was found, so that a person can check it and a machine can repeat it.
"""

from dataclasses import dataclass
from enum import StrEnum

from parsers.blank import Blank
from parsers.document import Failure, FailureCode, LaidPage, Note, NoteCode


class FieldType(StrEnum):
    """The kinds of value that the code knows how to check."""

    UNIT = "unit"  # name of a unit; matched with the roster later, by intake
    PERSON = "person"  # a person's name
    GENDER = "gender"  # 男 / 女
    POSITION = "position"  # 职务
    MOBILE = "mobile"  # mobile number only
    PHONE = "phone"  # mobile or landline, with or without area code and extension
    EMAIL = "email"
    YESNO = "yesno"  # stored as true / false
    ADDRESS = "address"
    TITLE = "title"  # title of a free document
    TEXT = "text"


class FormKind(StrEnum):
    TABLE = "table"  # labels and values
    DOCUMENT = "document"  # a free document (活动总结): unit and title are found, the rest is kept


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field as the notice asks it. `required_when` names a yes/no field that must be true for it to be required."""

    key: str
    label: str
    type: FieldType
    aliases: tuple[str, ...] = ()
    required: bool = False
    required_when: str | None = None


@dataclass(frozen=True, slots=True)
class FormSpec:
    """One form of the campaign. `titles` are phrases by which its heading, file name or subject is recognised.

    `blank` is the office's own empty form, where the office has given it (`template` reads it once).
    """

    id: str
    title: str
    kind: FormKind
    fields: tuple[FieldSpec, ...]
    titles: tuple[str, ...] = ()
    blank: Blank | None = None


class ProblemCode(StrEnum):
    """What is wrong with a value, a document or a mail. Wording is made at the edge (intake/texts.py)."""

    MISSING = "missing"  # a required field is empty
    INVALID = "invalid"  # given, but impossible for its type
    AMBIGUOUS = "ambiguous"  # more than one reading, or two candidates
    UNREADABLE = "unreadable"  # could not be decoded or read with certainty
    UNKNOWN_UNIT = "unknown_unit"
    NO_ATTACHMENT = "no_attachment"  # 见附件 without one
    EMPTY = "empty"  # the office's own blank form came back
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    NEEDS_ENGINE = "needs_engine"
    TOO_LARGE = "too_large"
    CLOUD_LINK = "cloud_link"  # 超大附件: a link instead of a file
    CONFLICT = "conflict"  # two copies of one form that differ
    QUESTION = "question"  # somebody asks something: a person answers
    NOT_APPLICABLE = "not_applicable"  # the unit says that it has none (无): a person excuses it, or not
    UNTRUSTED_SENDER = "untrusted_sender"  # would replace a version that a more trusted sender gave
    RETURNED = "returned"  # a person of the office sent it back; `Problem.given`: what for, in their words


UNLABELLED = "stands under no label"  # `Problem.detail` of a field whose value may stand somewhere without a label
RUN_ON = "goes on over what may be another field's label"  # `Problem.detail` of such a free text
# `Problem.detail` of a field in whose cell more stands than its value: a number or an address that the form has nowhere.
UNREGISTERED = "holds a number or an address that is registered nowhere"
EXAMPLE_ONLY = "only the example beside the blank form has values"  # `Problem.detail` of such an EMPTY form
# Beginning of the `Problem.detail` of a field that was read by its position on the office's blank form; behind the colon
# stands what is written where the blank has its label.
RELABELLED = "another label than on the blank form"


class Doubt(StrEnum):
    """Why a whole form is AMBIGUOUS: the `Problem.detail` of those reasons that have words of their own for the clerk."""

    EXAMPLE = "the table is called an example"
    OTHER_TITLE = "the title is that of another table"
    OTHER_BLANK = "not the office's present blank form"  # `Problem.given`: its title, if that tells another year
    NO_LABELS = "heading of the form, but none of its labels"
    NOTHING_READ = "heading of the form, but nothing of it was read"
    UNEXPLAINED = "labels without values beside text without a label"
    ROLES = "several roles in one table"
    UNRULED = "no ruled table on the page"
    CLIPPED = "the document is larger than what was read of it"
    SEVERAL = "several forms of one unit in one file"
    COMMENTED = "a comment that may change a value"  # `Problem.given`: what the comments say
    CORRECTED = "a line that takes a value back"  # `Problem.given`: the line
    WORDS_LEFT = "an answer that changes what is registered says more than that"  # `Problem.given`: the words
    SPOKEN_AGAINST = "the words of the mail speak against it"  # `Problem.given`: the words
    ANSWERED_TWICE = "a no beside the details of a yes"  # `Problem.given`: the details
    UNCALCULATED = "a formula in its table has no stored result"  # `Problem.given`: the cells
    OVERTAKEN = "what somebody else sent later was accepted before this was read"
    HIDDEN_ROWS = "text in hidden rows of its sheet was not read"  # `Problem.given`: sheet and rows, "Sheet1!3-4,7"
    FILTERED_ROWS = "stands in a row that a filter hides"  # `Problem.given`: as above
    STROKE = "a stroke through something that was not made out"


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is a field key or None (the whole form or mail). `given` is the faulty text as it stood, `detail` more."""

    code: ProblemCode
    field: str | None = None
    given: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field as it was read.

    `raw` is the text as it stands at `place` (after the border clean-up only), `value` the checked and normalised
    value (None: nothing given, or not usable), `label` the label as it stands in that unit's own form, `rule` how the
    two were joined: ``right``, ``below``, ``in_cell``, ``header``, ``line``, ``title``, ``merged``, ``blank`` …. `picture`
    shows the cell (base64 of a JPEG) if it was scanned and what stands in it is doubtful, for the person who decides.
    """

    key: str
    raw: str
    value: str | bool | None
    label: str
    place: str
    rule: str
    problem: Problem | None = None
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A non-empty piece of the document that no rule explained: shown to the clerk, never dropped silently."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class FormReading:
    """One filled copy of one form: `fields` has every key of the form that was found, in the form's order.

    `blank` means that labels stand there and no value does: the office's own template, not a submission.
    `problems` concern the form as a whole (``ambiguous`` layout …); the fields carry their own. `others`: whose groups in
    the table are not the form's and were left out, as their headings say (分管领导).
    """

    form: str
    title: str
    fields: tuple[FieldReading, ...]
    place: str
    blank: bool = False
    problems: tuple[Problem, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    others: tuple[str, ...] = ()

    def field(self, key: str) -> FieldReading | None:
        """Return the reading of `key`, or None if the form has no such label."""
        return next((reading for reading in self.fields if reading.key == key), None)


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """Everything that was learnt from one document (an attachment, a member of an archive, or a mail's body).

    `name` is the sender's file name ("" for a body), with the way into an archive as ``报送.zip/反馈表.docx``.
    `kind` is the sniffed kind (``docx``, ``xlsx``, ``html``, ``text``, ``pdf`` …). `failure` is set when nothing could
    be read. `head` and `tail` are the first and last lines outside forms (for titles, signatures and questions;
    ≤ 40 and ≤ 20 lines of ≤ 200 characters), `characters` counts CJK characters and words of the whole text. `scanned`: it was
    read off a picture; `laid`: how its pages lay then.
    `members` are the readings of an archive's members.
    """

    name: str
    kind: str
    reader: str = ""
    forms: tuple[FormReading, ...] = ()
    failure: Failure | None = None
    notes: tuple[Note, ...] = ()
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    characters: int = 0
    pictures: int = 0
    members: tuple["DocumentReading", ...] = ()
    scanned: bool = False
    laid: tuple[LaidPage, ...] = ()

    def missing_engines(self) -> frozenset[str]:
        """Return the names of the engines (`engines.Engine`) with which this could be read, or read better."""
        found = {note.detail for note in self.notes if note.code is NoteCode.SECOND_BEST_READER}
        if self.failure is not None and self.failure.code is FailureCode.NEEDS_ENGINE:
            found.add(self.failure.detail)
        return frozenset(found).union(*(member.missing_engines() for member in self.members))
