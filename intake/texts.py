"""The Chinese letters: a kind and a context go in, subject and body come out. Home of jinja2.

Stage before: `reply`, `reminders`, the digest (contexts of plain values). Stage after: `compose`. The wording stands in
``intake/templates/<kind>.txt.j2``, one file a kind: its first line is the subject, the second is empty, the rest the
body. A file of the same name in the office's own folder is taken instead. A name that a context does not have is an
error, never an empty place in a letter (StrictUndefined).

The words for states, faults and days come from `words`; they are handed on here, because people look for them here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from intake.errors import OfficeError
from intake.fault_words import failure_text, file_text, problem_text
from intake.model import LetterKind
from intake.words import (
    DISPOSITION_WORDS,
    KIND_NAMES,
    KIND_WORDS,
    OUTBOX_WORDS,
    SENDER_WORDS,
    STATE_WORDS,
    day_words,
    masked,
    moment_words,
    until_words,
)

__all__ = [
    "DISPOSITION_WORDS",
    "KIND_NAMES",
    "KIND_WORDS",
    "OUTBOX_WORDS",
    "SENDER_WORDS",
    "STATE_WORDS",
    "Letter",
    "Texts",
    "day_words",
    "failure_text",
    "file_text",
    "masked",
    "moment_words",
    "problem_text",
    "until_words",
]

_TEMPLATES = Path(__file__).with_name("templates")
_SUBJECT_LIMIT = 120  # characters; a mailbox's list shows some forty


@dataclass(frozen=True, slots=True)
class Letter:
    """Words of one letter. `subject` is one line; `body` has \\n line ends, no blank line twice, one \\n at its end."""

    subject: str
    body: str


class Texts:
    """The letters of an office: its own templates in front of ours."""

    def __init__(self, template_dir: Path | None = None) -> None:
        folders = [_TEMPLATES] if template_dir is None else [template_dir, _TEMPLATES]
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - letters are plain text; nothing here is ever shown as HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(day=_day, moment=_moment, until=_until, masked=masked)

    def letter(self, kind: LetterKind, context: Mapping[str, object]) -> Letter:
        """Given a kind and its context, return the letter. Raise OfficeError if a template is at fault."""
        name = f"{kind}.txt.j2"
        try:
            text = self._environment.get_template(name).render(context)
        except (TemplateError, UnicodeDecodeError) as error:
            raise OfficeError(_complaint(name, error)) from error
        subject, _, body = text.lstrip("\n").partition("\n")
        if not subject.strip() or body.partition("\n")[0].strip() or not body.strip():
            raise OfficeError(
                f"信件模板 {name} 有误：第一行应为主题，第二行空行，其下为正文。信件没有写成。请改正模板。"
            )
        return Letter(" ".join(subject.split())[:_SUBJECT_LIMIT], _tidy(body))


def _complaint(name: str, error: TemplateError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"信件模板 {name} 不是 UTF-8 编码。信件没有写成。请用记事本打开，“另存为”时把编码选为 UTF-8。"
    place = f"第{error.lineno}行" if isinstance(error, TemplateSyntaxError) else ""
    return f"信件模板 {name} {place}有误：{error.message}。信件没有写成。请改正模板，或删去自己的一份改用自带模板。"


def _tidy(body: str) -> str:
    """Given a rendered body, return it without blanks at line ends and with at most one blank line in a row."""
    lines = "\n".join(line.rstrip() for line in body.strip("\n").splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _day(value: str) -> str:
    return day_words(date.fromisoformat(value))


def _moment(value: str) -> str:
    """Instants, and days where only the day is known."""
    return _day(value) if len(value) == len("2025-05-30") else moment_words(datetime.fromisoformat(value))


def _until(value: str) -> str:
    return _day(value) if len(value) == len("2025-05-30") else until_words(datetime.fromisoformat(value))
