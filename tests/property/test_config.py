"""Whatever stands in config.toml, loading it ends in settings or in an OfficeError that is Chinese and has a place."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.config import example_path, load
from intake.errors import OfficeError

LINES = example_path().read_text(encoding="utf-8").split("\n")
VALUES = [
    "1", "-1", "1.5", "inf", "nan", "true", '""', '"x"', "'x'", "[]", '["x"]', "[1]", "[[1]]", "{}", "{ a = 1 }",
    "2025-05-30", "2025-05-30T10:00:00", "10:00:00", '"2025-13-01"', '"24:00"', '"{a}"', "“x”", "0595", '"\\q"', "",
]  # fmt: skip
ENGLISH = re.compile(r"[Ii]nput|[Ff]ield required|[Ss]hould|[Vv]alid|[Ee]xpected|[Ee]rror|None|Mistake|at line")

edits = st.tuples(
    st.sampled_from(["value", "delete", "double", "key", "cut", "character"]),
    st.integers(0, len(LINES) - 1),
    st.sampled_from(VALUES),
    st.characters(codec="utf-8"),
)


def edited(changes):
    lines = list(LINES)
    for kind, place, value, character in changes:
        number = place % len(lines)
        line = lines[number]
        name, equals, _ = line.partition(" = ")
        match kind:
            case "value" if equals:
                lines[number] = f"{name} = {value}"
            case "delete":
                lines[number] = ""
            case "double":
                lines.insert(number, line)
            case "key" if equals:
                lines[number] = line.replace(name[-1:], character, 1)
            case "cut":
                lines[number] = line[: len(line) // 2]
            case "character":
                lines[number] = line[: len(line) // 2] + character + line[len(line) // 2 :]
    return "\n".join(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, min_size=1, max_size=4))
def test_any_edit_is_taken_or_told(tmp_path, changes):
    path = tmp_path / "config.toml"
    path.write_text(edited(changes), encoding="utf-8", newline="\n")
    for problem in problems_of(path):
        assert problem.startswith("config.toml")
        assert re.search("[\u4e00-\u9fff]", problem)
        assert not ENGLISH.search(re.sub("“[^”]*”", "", problem)), problem


def problems_of(path):
    try:
        load(path, environment={}, need_password=False)
    except OfficeError as error:
        return error.problems
    return ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_told(tmp_path, data):
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(OfficeError):
        load(path, environment={}, need_password=False)
