"""The audit in words: whatever is written down has words; every code that stands in the program was found."""

import ast
from pathlib import Path

from intake.model import DecisionKind, NoteKind
from scheduler.lookup.audit import ACTION_WORDS, day_typed
from scheduler.web.pages.outbox import Action

ROOT = Path(__file__).parents[3]
# What is written as a value and not as a literal: the members it may be.
VALUES = {
    "plan.kind": set(DecisionKind),
    "f'note {note.kind}'": {f"note {kind}" for kind in NoteKind},
    "scheduler/web/pages/outbox.py action": set(Action),
    "scheduler/desk/letters.py action": set(),  # `_note` hands on what its callers write
    "scheduler/office_changes.py action": set(),  # and so does `_change`
}


def written() -> dict[str, set[str]]:
    """Every action that some module notes, by where."""
    found: dict[str, set[str]] = {}
    for path in sorted([*ROOT.glob("intake/**/*.py"), *ROOT.glob("scheduler/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for action in actions(name, node):
                    found[f"{name}:{node.lineno}"] = members(name, action)
    return found


def actions(name: str, call: ast.Call) -> list[ast.expr]:
    called = ast.unparse(call.func)
    if called.endswith("changes.note") or called in ("AuditRow", "_change"):
        return [one.value for one in call.keywords if one.arg == "action"]
    return [call.args[2]] if (name, called) == ("scheduler/desk/letters.py", "_note") else []


def members(name: str, action: ast.expr) -> set[str]:
    if isinstance(action, ast.Constant):
        return {str(action.value)}
    source = ast.unparse(action)
    return {str(one) for one in VALUES.get(source, VALUES.get(f"{name} {source}", {f"?{source}"}))}


def test_every_action_that_the_program_notes_has_chinese_words():
    found = {place: codes for place, codes in written().items() if "db/changes.py" not in place}
    assert len(found) >= 17
    missing = {place: sorted(codes - set(ACTION_WORDS)) for place, codes in found.items() if codes - set(ACTION_WORDS)}
    assert missing == {}
    for words in ACTION_WORDS.values():
        assert not any(one.isascii() and one.isalpha() for one in words)


def test_no_words_are_kept_for_what_nobody_does():
    assert set(ACTION_WORDS) == set().union(*written().values()) - {"?action[:32]"}


def test_two_actions_are_never_told_alike():
    assert len(set(ACTION_WORDS.values())) == len(ACTION_WORDS)


def test_a_day_is_one_of_this_time():
    assert str(day_typed(" 2025-05-28 ")) == "2025-05-28"
    assert [day_typed(one) for one in ("", "昨天", "0001-01-01", "9999-12-31", "2025-02-30")] == [None] * 5
