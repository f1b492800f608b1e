"""Places in config.toml: heads and keys are found, strings and arrays of several lines are passed over."""

from intake.config_lines import Lines

TEXT = '''\
top = 1
[a]
b = [
    "[no.head]",   # no_key = 1
    "no_key = 2",
]
"quoted key" = "x # not a comment ["
long = """
[inside]
key = 1
"""
c.d = 'x'
[[list]]
key = 1
[[list.inner]]
key = 2
[[list.inner]]
key = 3
[[list]]
key = 4
[list.sub]
key = 5
[[list.inner]]
key = 6
'''


def test_every_key_is_found_on_its_line():
    lines = Lines(TEXT)
    assert lines.find(("top",)) == 1
    assert lines.find(("a",)) == 2
    assert lines.find(("a", "b")) == 3
    assert lines.find(("a", "quoted key")) == 7
    assert lines.find(("a", "long")) == 8
    assert lines.find(("a", "c", "d")) == 12
    assert lines.find(("list",)) == 13
    assert lines.find(("list", 0, "key")) == 14
    assert lines.find(("list", 0, "inner", 0, "key")) == 16
    assert lines.find(("list", 0, "inner", 1, "key")) == 18
    assert lines.find(("list", 1, "key")) == 20
    assert lines.find(("list", 1, "sub", "key")) == 22
    assert lines.find(("list", 1, "inner", 0, "key")) == 24


def test_a_path_without_a_place_is_answered_by_the_table_around_it():
    lines = Lines(TEXT)
    assert lines.find(("a", "missing")) == 2
    assert lines.find(("a", "b", 1)) == 3
    assert lines.find(("list", 1, "missing")) == 19
    assert lines.find(("nowhere", "x")) is None


def test_nothing_inside_strings_or_arrays_is_taken_for_a_key():
    lines = Lines(TEXT)
    assert lines.find(("no", "head")) is None
    assert lines.find(("inside",)) is None
    assert lines.find(("a", "no_key")) == 2  # only the table around it
