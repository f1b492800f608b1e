"""Who judges the program from outside shares no code with it: else both would be wrong in the same way, and agree."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import office
from tests.rig import unit_names

ROOT = Path(__file__).parents[2]


def imported(source: str, package: str) -> Iterator[str]:
    """Given a module's text and its package, yield each module that it names, wherever in it; the parents as well."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [one.name for one in names]
            case ast.ImportFrom(module=module, names=names, level=level):
                parents = package.split(".")[: -(level - 1) or None] if level else []
                base = ".".join([*parents, *([module] if module else [])])
                found = [base, *(f"{base}.{one.name}" for one in names)]
            case ast.Call(func=ast.Name(id="__import__") | ast.Attribute(attr="import_module"), args=[first, *_]):
                found = [str(first.value) if isinstance(first, ast.Constant) else "a name that is computed"]
            case _:
                found = []
        for name in found:
            parts = name.split(".")
            yield from (".".join(parts[:number]) for number in range(1, len(parts) + 1))


def file_of(module: str) -> Path | None:
    """Return where a module of this repository lies; None if it is none."""
    path = ROOT.joinpath(*module.split("."))
    there = [one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()]
    return there[0] if there else None


def foreign(module: str) -> set[str]:
    """Return what a module reaches, through modules of tests as well, that is neither of tests nor the standard library."""
    seen, waiting, found = set(), [module], set()
    while waiting:
        one = waiting.pop()
        path = file_of(one)
        if one in seen or path is None:
            continue
        seen.add(one)
        for name in imported(path.read_text(encoding="utf-8"), one.rpartition(".")[0]):
            top = name.split(".")[0]
            if top == "tests":
                waiting.append(name)
            elif top not in sys.stdlib_module_names:
                found.add(f"{name} in {one}")
    return found


@pytest.mark.parametrize("module", ["tests.rig.checker", "tests.rig.reminding", "tests.rig.handed_over"])
def test_a_judge_reaches_nothing_of_the_program_nor_a_library(module):
    assert file_of(module) is not None
    assert foreign(module) == set()


def test_what_is_reached_through_modules_of_tests_would_be_seen():
    assert any(one.startswith("intake.roster in tests.rig.rosters") for one in foreign("tests.rig.rosters"))
    assert any("in tests.builders.office" in one for one in foreign("tests.rig.inprocess"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import intake.model", "intake.model"),
        ("from intake import model", "intake.model"),
        ("def f():\n    from parsers.text import folded", "parsers.text"),
        ("from .world import live", "tests.rig.world"),
        ("from ..builders import office", "tests.builders.office"),
        ("import importlib\nimportlib.import_module('scheduler.jobs')", "scheduler.jobs"),
    ],
)
def test_every_way_to_import_is_seen(text, name):
    assert name in set(imported(text, "tests.rig"))


def test_the_names_that_the_judges_know_are_those_of_the_office():
    assert all(name in unit_names.NAMES[address] for name, address in office.UNITS.items())
