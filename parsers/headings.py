"""Which form a heading names: 附件2 … 联络员反馈表 above a table, a file's name, a line of a mail.

In: a text and the campaign's forms. Out: the form, or None. A heading is short and no sentence: "现将联络员反馈表报送你办"
names a form without being its heading. A title may end like one of ours and be another campaign's: 防汛工作联络员反馈表.
Must not: look at values, know a subject of any campaign.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from parsers.forms import FormKind, FormSpec
from parsers.lexicon import OCCASION_WORDS, SURNAMES, TITLE_TAILS, TITLE_UNITS, TITLE_WORDS
from parsers.text import fold, narrow

# Tried by `python -m tests.understanding --thresholds _HEADING_CHARACTERS --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_HEADING_CHARACTERS = 60  # tried 30 and 120: no difference, a bound, not a tuned value
_SENTENCE = re.compile(
    "[\u3002\uff1b;!\uff01?\uff1f]|现将|报送|发送|查收|请|已|收到|随附|附上|见附件|反馈如下|如下|填报|提交|关于.{0,40}通知|[,\uff0c].{4}"
)
_REMARK = re.compile("[(\uff08\u3010\\[][^()\uff08\uff09\u3010\u3011\\[\\]]*[)\uff09\u3011\\]]")
_COMMON = re.compile("|".join(sorted(TITLE_WORDS, key=len, reverse=True)))
_ABOUT_CHARACTERS = 2  # a title that is left with less says nothing
_COMMON_CHARACTERS = 3  # 安全 stands in every title of such a campaign; 联络员 and 安全生产月 don't
_QUOTED = re.compile('[\u201c"\u300a]([^\u201c\u201d"\u300a\u300b]{2,20})[\u201d"\u300b]')
_SUBJECT_CHARACTERS = 3  # 安全 in quotes would be the subject of every campaign
_KNOWN_RUN = 3  # characters in a row that a title shares with ours: 安全生产 of 安全生产月
_OTHER_CHARACTERS = 2  # what is left must say something: 防汛, 禁毒
_NAME_CHARACTERS = 4
_NOT_HAN = re.compile("[^\u3400-\u9fff]+")
_UNIT_IN_TITLE = re.compile(f"[\u3400-\u9fff]{{0,24}}?(?:{'|'.join(TITLE_UNITS)})")
_ANY_CAMPAIGN = re.compile("|".join(sorted({*OCCASION_WORDS, *TITLE_WORDS}, key=len, reverse=True)))
_LEADING_ATTACHMENT = re.compile("^附件?\\s*[一二三四五六\\d]*\\s*[:\uff1a.\u3001]?\\s*")


@dataclass(frozen=True, slots=True)
class Titles:
    """Folded phrases of every form, the longest first. `tables` are the ids of the forms with labels.

    `subjects` are what the forms' titles put in quotation marks: the campaign's own names. `labels` are those of the fields.
    """

    phrases: tuple[tuple[str, str], ...]  # (phrase, form id)
    tables: frozenset[str]
    subjects: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()

    def heading(self, text: str) -> str | None:
        """Given a line, return the form whose heading it is, or None."""
        stripped = _LEADING_ATTACHMENT.sub("", text.strip())
        if not 2 <= len(stripped) <= _HEADING_CHARACTERS or _SENTENCE.search(stripped):
            return None
        return self.named(stripped)

    def named(self, text: str) -> str | None:
        """Given a title or a file name, return the form that it names; None if it names none, or several equally."""
        key = fold(text)
        best: tuple[int, int, str] | None = None  # where the longest phrase stands, and its form
        for phrase, form in self.phrases:
            at = key.find(phrase) if len(phrase) >= 3 else 0 if phrase == key else -1
            if at < 0:
                continue
            if best is None:
                best = (at, at + len(phrase), form)
            elif form != best[2] and (at >= best[1] or at + len(phrase) <= best[0]):
                return None  # 报名表、反馈表: two forms side by side
            elif form != best[2] and len(phrase) == best[1] - best[0]:
                return None
        return best[2] if best is not None else None

    def is_foreign(self, text: str) -> bool:
        """Given a line, return whether it is the title of a table that has nothing to do with these forms: 党员信息表.

        What is left of a title without 信息, 登记 and the like must have most of its characters, and at least two, in a
        row in one of the phrases: 安全生产月联络员名单 has, 安全员登记表 has not.
        """
        stripped = _REMARK.sub("", _LEADING_ATTACHMENT.sub("", text.strip()))
        if not 3 <= len(stripped) <= _HEADING_CHARACTERS or _SENTENCE.search(stripped) or ":" in narrow(stripped):
            return False
        key = fold(stripped)
        tail = next((tail for tail in TITLE_TAILS if key.endswith(tail)), "")
        about = _COMMON.sub("", key.removesuffix(tail))
        if not tail or len(about) < _ABOUT_CHARACTERS or self.named(stripped) is not None:
            return False
        known = [_COMMON.sub("", phrase.removesuffix("表")) for phrase, _ in self.phrases]
        return max((_in_common(about, phrase) for phrase in known), default=0) < min(len(about), _COMMON_CHARACTERS)

    def has_subject(self, text: str) -> bool:
        """Given a title, return whether the campaign's own name (or one of its event) stands in it."""
        key = fold(text)
        return any(subject in key for subject in self.subjects)

    def is_other_occasion(self, text: str, *, file_name: bool = False) -> bool:
        """Given a title or a file name, return whether it names one of our forms for something else: 防汛联络员反馈表.

        A title with the campaign's own name in it is ours. Else nothing may be left of it without the phrase that names
        the form, the runs it shares with our titles, names of units, and words of any campaign. An abbreviation of ours
        (安全月) is ours; so is a `file_name` with somebody's name in it.
        """
        stripped = _LEADING_ATTACHMENT.sub("", text.strip())
        key = fold(_REMARK.sub("", stripped))
        if self.has_subject(stripped):
            return False
        phrase = next(
            (phrase for phrase, _ in self.phrases if len(phrase) >= _SUBJECT_CHARACTERS and phrase in key), ""
        )
        if not phrase:
            return False
        left = _NOT_HAN.sub(" ", key.replace(phrase, " "))
        return any(self._says_another_thing(part, file_name=file_name) for part in self._unknown(left).split())

    def _unknown(self, text: str) -> str:
        """Return a text without what it shares with our titles and without names of units."""
        known = [*(phrase for phrase, _ in self.phrases), *self.labels]
        for phrase in known:
            while len(run := _longest_run(text, phrase)) >= _KNOWN_RUN:
                text = text.replace(run, " ")
        return _ANY_CAMPAIGN.sub(" ", _UNIT_IN_TITLE.sub(" ", text))

    def _says_another_thing(self, part: str, *, file_name: bool) -> bool:
        if len(part) < _OTHER_CHARACTERS or any(_is_abbreviation(part, phrase) for phrase, _ in self.phrases):
            return False
        if any(part in label for label in self.labels):
            return False
        return not (file_name and len(part) <= _NAME_CHARACTERS and part[0] in SURNAMES)


def _longest_run(first: str, second: str) -> str:
    match = SequenceMatcher(None, first, second, autojunk=False).find_longest_match()
    return first[match.a : match.a + match.size]


def _is_abbreviation(short: str, long: str) -> bool:
    """Return whether a text is another with characters left out: 安全月 of 安全生产月."""
    rest = iter(long)
    return all(character in rest for character in short)


def _in_common(first: str, second: str) -> int:
    """Return the length of the longest run of characters that both have."""
    return SequenceMatcher(None, first, second, autojunk=False).find_longest_match().size


@lru_cache(maxsize=16)
def titles_of(forms: tuple[FormSpec, ...]) -> Titles:
    """Given the forms of a campaign, return their phrases."""
    phrases = {
        (fold(phrase), form.id) for form in forms for phrase in (form.title, *form.titles) if len(fold(phrase)) >= 2
    }
    tables = frozenset(form.id for form in forms if form.kind is FormKind.TABLE)
    quoted = {fold(one) for form in forms for title in (form.title, *form.titles) for one in _QUOTED.findall(title)}
    labels = {fold(label) for form in forms for spec in form.fields for label in (spec.label, *spec.aliases)}
    return Titles(
        tuple(sorted(phrases, key=lambda pair: (-len(pair[0]), pair))),
        tables,
        frozenset(subject for subject in quoted if len(subject) >= _SUBJECT_CHARACTERS),
        frozenset(labels),
    )
