"""What goes wrong around a correct form: cells out of place, and a mail that says something else beside it.

In: a plain `generate.Case`. Out: the damaged case with its truth, or None where it does not apply. The other half of
`mutate`, with the same promise.
"""

import random
from collections.abc import Mapping
from dataclasses import replace

from parsers.forms import FieldType
from tests.understanding.damage import Damage, entries_given, pick, type_of, when_gone, with_changes
from tests.understanding.faults import ASK, Want
from tests.understanding.generate import ROSTER, Case, Entry, person
from tests.understanding.page import LINES, Ink

BEHIND, BELOW, DROPPED, PUSHED, MERGED = range(5)  # what `layouts` does with a cell
_FILES = frozenset({"docx", "docx_wps", "xlsx", "html", "csv", "tabs", "txt"})
_PAIRS = frozenset({"pairs", "two_pairs", "three_pairs", "grouped", "sections", "unit_above", "blocks"})
_SIGNATURE = "\n\n--\n周秘书\n某某公司\n手机：13611110000\n邮箱：zhou@corp.example.net"
_LETTER = "您好，见附件，请查收。"


def _doubted(case: Case, *asked: str) -> Case:
    """The same case, whose truths may be stored or asked about, but for those that must be asked about."""
    sheet = case.sheets[0]
    wants = {key: ASK if key in asked else Want(want.values) for key, want in sheet.wants[0].items()}
    return replace(case, sheets=(replace(sheet, wants=(wants,)),))


def _bare_cell(where: int) -> Damage:
    """The value stands behind its row, or under the table, where no label is."""

    def damage(case: Case, draw: random.Random) -> Case | None:
        entry = pick(case, draw)
        if entry is None or case.sheets[0].layout.startswith(("lines", "in_cells", "nested")):
            return None
        own = case.sheets[0].wants[0][entry.key]
        return replace(with_changes(case, {}, {entry.key: Want(own.values)}), moves=((entry.key, where),))

    return damage


def _has_a_cell(case: Case, entry: Entry) -> bool:
    """Return whether a value stands in a cell beside its label; the unit above the table stands in a line."""
    layout = case.sheets[0].layout
    return layout in _PAIRS and not (layout == "unit_above" and type_of(case, entry.key) is FieldType.UNIT)


def _drop_cell(case: Case, draw: random.Random) -> Case | None:
    """The cell of a value is deleted: what stands behind it in the row moves up beside the label."""
    entry = pick(case, draw)
    if entry is None or not _has_a_cell(case, entry):
        return None
    made = with_changes(_doubted(case), {}, {entry.key: when_gone(case, entry.key)})
    return replace(made, moves=((entry.key, DROPPED),))


def _push_cell(case: Case, draw: random.Random) -> Case | None:
    """An empty cell is inserted before a value."""
    entry = pick(case, draw)
    if entry is None or not _has_a_cell(case, entry):
        return None
    return replace(_doubted(case), moves=((entry.key, PUSHED),))


def _number(draw: random.Random) -> str:
    return f"15{draw.randrange(10)}0596{draw.randrange(10_000):04d}"


def _mobile(case: Case) -> Entry | None:
    found = entries_given(case, FieldType.MOBILE, FieldType.PHONE)
    return next((entry for entry in found if entry.key in {"mobile", "contact_phone"}), None)


def _second_file(case: Case, draw: random.Random) -> Case | None:
    """The same form comes twice, with two mobile numbers."""
    entry = _mobile(case)
    if entry is None or case.container not in _FILES:
        return None
    other = with_changes(case, {entry.key: replace(entry, ink=Ink(_number(draw)))}, {})
    return replace(_doubted(case, entry.key), also=other)


def _same_file(case: Case, _draw: random.Random) -> Case | None:
    return replace(_doubted(case), also=case) if case.container in _FILES else None


def _correction(case: Case, draw: random.Random) -> Case | None:
    """The mail takes a number of its own form back."""
    entry = _mobile(case)
    if entry is None or case.container not in _FILES:
        return None
    other = _number(draw)
    words = draw.choice(
        (
            f"{_LETTER}\n更正：{entry.label}应为{other}，表中写错了。",
            f"{_LETTER}\n另：表里的手机号码有误，请改为{other}。",
            f"{_LETTER}\n手机号码以{other}为准。",
            f"{_LETTER}\n联络员现改为李小满，手机{other}，请以此为准。",
            f"{_LETTER}\n联系人换人了，新联系人李小满，电话{other}。",
            f"{_LETTER}\n请把表里的号码改成{other}。",
            f"{_LETTER}\n手机号已更换为{other}，谢谢！",
        )
    )
    return replace(_doubted(case, entry.key), text=words)


def _signature(case: Case, draw: random.Random) -> Case | None:
    return replace(case, text=_LETTER + _SIGNATURE) if case.container in _FILES else None


def _quoted(case: Case, draw: random.Random) -> Case | None:
    """Under the mail stands an older mail with an older form."""
    if case.container not in _FILES:
        return None
    old = "\n".join(f"{entry.label}：{entry.ink.text}" for entry in case.sheets[0].people[0])
    entry = _mobile(case)
    if entry is None:
        return None
    old = old.replace(entry.ink.text, _number(draw))
    words = f'{_LETTER}\n\n------------------ 原始邮件 ------------------\n发件人："林小满"<a@example.com>\n主题：表\n\n{old}'
    return replace(_doubted(case), text=words)


def _in_text_too(case: Case, draw: random.Random) -> Case | None:
    """The form is attached, and typed into the mail with another number."""
    entry = _mobile(case)
    if entry is None or case.container not in _FILES - LINES:
        return None
    lines = [
        f"{one.label.strip()}：{_number(draw) if one is entry else one.ink.text}" for one in case.sheets[0].people[0]
    ]
    return replace(_doubted(case, entry.key), text="\n".join((_LETTER, case.sheets[0].title, *lines)))


def _hidden_sheet(case: Case, draw: random.Random) -> Case | None:
    """The workbook has last year's form in a hidden sheet, with other people's values."""
    if case.container != "xlsx":
        return None
    sheet = case.sheets[0]
    values = person(draw, sheet.form, ROSTER.units[draw.randrange(len(ROSTER.units))].name)
    former = tuple(replace(entry, ink=Ink(values[entry.key])) for entry in sheet.people[0])
    return replace(_doubted(case), hidden=replace(case, sheets=(replace(sheet, people=(former,)),)))


MISHAPS: Mapping[str, Damage] = {
    "a value in a bare cell behind its row": _bare_cell(BEHIND),
    "a value in a bare cell under the table": _bare_cell(BELOW),
    "delete the cell of a value": _drop_cell,
    "insert an empty cell before a value": _push_cell,
    "a second file with another number": _second_file,
    "a second file that is the same": _same_file,
    "the mail corrects its form": _correction,
    "a signature under the mail": _signature,
    "an older form in the quoted mail": _quoted,
    "another number in the mail's own text": _in_text_too,
    "a former form in a hidden sheet": _hidden_sheet,
}
