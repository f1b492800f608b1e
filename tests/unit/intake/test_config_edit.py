"""config.toml changed by the program: that one thing, its comments and rights kept, valid or not written at all."""

import os
import stat
import tomllib
from datetime import date

import pytest

from intake import config_edit, whole_files
from intake.config import example_path, load
from intake.config_edit import change, declared, with_day, with_mode, with_roster, without_day
from intake.errors import OfficeError
from intake.settings import CalendarDay, SendMode

EXAMPLE = example_path().read_text(encoding="utf-8")
NEW_YEAR = CalendarDay(date(2027, 1, 1), working=False, name="元旦")
MAKE_UP = CalendarDay(date(2027, 1, 3), working=True)
BLOCK = '\n[[calendar.day]]\ndate = "2027-2-6"\nkind = "workday" # 补班\n'


def comments(text):
    return [line for line in text.splitlines() if line.lstrip().startswith("#")]


def days(text):
    return tomllib.loads(text).get("calendar", {}).get("day", [])


def without_calendar(text):
    data = tomllib.loads(text)
    data.pop("calendar", None)
    return data


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    path.chmod(0o640)
    return path


HERE_AND_THERE = {
    "the example": EXAMPLE,
    "a day before the notice": EXAMPLE.replace("\n[campaign]\n", f"{BLOCK}\n\n# 通知\n[campaign]\n"),
    "a day at the end": EXAMPLE + BLOCK,
    "no example of a day": EXAMPLE.replace("#[[calendar.day]]\n", ""),
    "an example within a text": '[office]\nname = """\n#[[calendar.day]]\n"""\n'
    + EXAMPLE.partition("[office]\n")[2].partition("\n")[2],
    "a list": EXAMPLE + '\n[calendar]\nday = [\n  {date = 2027-02-06, kind = "workday"}, # 补班\n]\n',
    "no end of line": EXAMPLE.rstrip() + BLOCK.rstrip(),
}


@pytest.mark.parametrize("name", HERE_AND_THERE)
def test_a_day_is_added_and_taken_away_and_nothing_else_changes(name):
    before = HERE_AND_THERE[name]
    text = with_day(MAKE_UP)(with_day(NEW_YEAR)(before))
    added = [
        {"date": date(2027, 1, 1), "kind": "holiday", "name": "元旦"},
        {"date": date(2027, 1, 3), "kind": "workday"},
    ]
    assert days(text) == [*days(before), *added]
    assert without_calendar(text) == without_calendar(before)
    assert comments(text) == comments(before)
    text = without_day(MAKE_UP.day)(without_day(NEW_YEAR.day)(text))
    assert days(text) == days(before)
    assert comments(text) == comments(before)


def test_a_day_stands_below_the_words_about_the_calendar():
    text = with_day(NEW_YEAR)(EXAMPLE)
    assert text.index("── 工作日历") < text.index("\n[[calendar.day]]") < text.index("── 通知：这次收什么")


def test_the_comments_above_the_next_table_outlive_the_last_day():
    text = HERE_AND_THERE["a day before the notice"]
    assert "# 通知\n[campaign]" in without_day(date(2027, 2, 6))(text)
    assert "补班" not in without_day(date(2027, 2, 6))(text)


def test_a_day_that_is_declared_already_and_one_that_is_not_are_told():
    text = with_day(NEW_YEAR)(EXAMPLE)
    with pytest.raises(OfficeError, match="已经声明为放假"):
        with_day(CalendarDay(NEW_YEAR.day, working=True))(text)
    with pytest.raises(OfficeError, match="没有声明"):
        without_day(date(2026, 10, 1))(text)


@pytest.mark.parametrize("name", ['元旦"\n[sending]\nmode = "auto', "\\", "<b>'", "]]"])
def test_the_name_of_a_day_is_a_text_and_nothing_more(name):
    text = with_day(CalendarDay(NEW_YEAR.day, working=False, name=name))(EXAMPLE)
    assert days(text)[-1]["name"] == name
    assert without_calendar(text) == without_calendar(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        EXAMPLE.replace('mode = "hold"\n', ""),
        EXAMPLE.replace('mode = "hold"', "mode='hold' # 先看过"),
        EXAMPLE.partition("[sending]")[0] + EXAMPLE[EXAMPLE.index("# ── 存放") :],
    ],
)
def test_the_mode_is_set_wherever_it_stands_or_does_not(text):
    changed = with_mode(SendMode.AUTO)(text)
    wanted = tomllib.loads(text)
    wanted.setdefault("sending", {})["mode"] = "auto"
    assert tomllib.loads(changed) == wanted
    assert comments(changed) == comments(text)
    assert changed.count("先看过") == text.count("先看过")


def test_a_change_keeps_rights_line_ends_and_the_mark_of_windows(config):
    config.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode())
    change(config, with_roster("名册/新.xlsx"))
    data = config.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf#")
    assert data.count(b"\n") == data.count(b"\r\n") == EXAMPLE.count("\n")
    assert declared(config).roster == "名册/新.xlsx"
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]
    if os.name == "posix":
        assert stat.S_IMODE(config.stat().st_mode) == 0o640


def test_a_link_stays_a_link(config, tmp_path):
    link = tmp_path / "link.toml"
    link.symlink_to(config)
    change(link, with_mode(SendMode.AUTO))
    assert link.is_symlink()
    assert declared(config).mode is SendMode.AUTO


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(config):
    seen = declared(config).fingerprint
    config.write_text(EXAMPLE + "\n# 手工改的\n", encoding="utf-8")
    with pytest.raises(OfficeError, match="被改动了"):
        change(config, with_mode(SendMode.AUTO), seen=seen)
    assert config.read_text(encoding="utf-8").endswith("# 手工改的\n")
    change(config, with_mode(SendMode.AUTO), seen=declared(config).fingerprint)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('mode = "hold"', 'mode = "never"'),
        lambda _text: "",
        lambda text: text + "\n[office]\n",
    ],
)
def test_what_the_program_could_not_read_again_is_not_written(config, edit):
    before = config.read_bytes()
    with pytest.raises(OfficeError):
        change(config, edit)
    assert config.read_bytes() == before


def test_mistakes_that_stand_there_already_are_told_all(config):
    config.write_text(EXAMPLE.replace("per_day = 80", "per_day = 0").replace('kind = "table"', 'kind = "x"'), "utf-8")
    with pytest.raises(OfficeError) as told:
        change(config, with_mode(SendMode.AUTO))
    assert len(told.value.problems) == 2


def test_the_example_that_comes_with_the_program_is_never_changed(config, monkeypatch):
    monkeypatch.setattr(config_edit, "example_path", lambda: config)
    with pytest.raises(OfficeError, match="示例"):
        change(config, with_mode(SendMode.AUTO))
    assert config.read_text(encoding="utf-8") == EXAMPLE


def test_a_disk_that_refuses_leaves_the_file_as_it_was(config, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = config.read_bytes()
    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(OfficeError, match="没有改动"):
        change(config, with_mode(SendMode.AUTO))
    assert config.read_bytes() == before
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX")
def test_a_file_that_would_belong_to_somebody_else_afterwards_is_not_replaced(config, monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    before, now = config.read_bytes(), os.fstat
    monkeypatch.setattr(whole_files.os, "fchown", refused)
    monkeypatch.setattr(whole_files.os, "fstat", lambda one: os.stat_result((*now(one)[:4], 4242, *now(one)[5:])))
    with pytest.raises(OfficeError, match="没有写成"):
        change(config, with_mode(SendMode.AUTO))
    assert config.read_bytes() == before


def test_a_changed_configuration_is_loaded_as_any_other(config):
    change(config, with_day(NEW_YEAR))
    assert load(config, environment={}, need_password=False).calendar == (NEW_YEAR,)
    assert not declared(config).asks_password
