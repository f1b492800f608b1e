"""The short form of every part holds; and every part is seen to find a mistake that is planted for it."""

import io
import os
import sys
import zipfile
from collections.abc import Set as AbstractSet
from datetime import timedelta

import pytest

from intake import completion, pipeline
from intake.db.record import SqlRecord
from intake.model import SenderKind, Triage, UnitName
from intake.roster import Roster
from scheduler import jobs
from scheduler.app import open_app
from tests.builders import excel, office, word
from tests.rig import crash, hostile, inprocess, mistakes, restarts, rosters, sandbox, soak, upkeep, world
from tests.rig.reminding import needless_reminders

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL (POSIX)")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, the lock is Linux's")


# --- crash, restarts -------------------------------------------------------------------------------------------------


@needs_fork
def test_killed_at_drawn_boundaries_nothing_is_lost_and_nobody_is_answered_twice():
    outcome = crash.run(runs=12, seed=11)
    assert (outcome.runs, outcome.violations) == (12, ())
    assert outcome.faults > 12, "no run was killed twice"


@needs_fork
@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("resend", "was sent 2 times"),
        ("no fsync", "I1"),
        ("forget", "never answered"),
        ("deaf", "is uncertain, but its copy is in the Sent folder"),
        ("doubt", "is uncertain, but no kill came while it was handed over"),
    ],
)
def test_part_crash_sees_a_planted_mistake(mistake, told):
    found = crash.run(runs=300, seed=12, plant=mistake).violations
    assert any(told in one for one in found), f"{mistake} was not seen"


@needs_fork
def test_the_real_program_survives_real_kills():
    outcome = restarts.run(restarts=2, seed=13)
    assert (outcome.runs, outcome.faults, outcome.violations) == (2, 2, ())


@needs_fork
@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("resend", "was sent 2 times"),
        ("forget", "never answered"),
        ("deaf", "is uncertain, but its copy is in the Sent folder"),
        ("quit", f"a start ended by itself with {mistakes.QUITTING}"),
    ],
)
def test_part_restarts_sees_a_planted_mistake(mistake, told):
    found = restarts.run(restarts=3, seed=13, plant=mistake).violations
    assert any(told in one for one in found), f"{mistake} was not seen: {found}"


def test_what_a_start_said_is_shown_without_the_persons_in_it():
    said = "ValueError: 13900000001 of lin@qs.example.com, letter=12"
    assert restarts.without_persons(said) == "ValueError: … of …@…, letter=12"


TRAIL = [
    "commit in intake.db.upgrade._migrate",
    "before fsync in intake.archive._write",
    *["commit in intake.deliver.write"] * 2,
    "before send in intake.smtp._hand_over",
    "commit in intake.deliver.settle",
    "commit in intake.deliver.ended",
]


@pytest.mark.parametrize("runs", [4, 12, 40, 150])
def test_every_size_of_part_crash_has_its_double_kills_the_same_for_the_same_seed(runs):
    drawn = list(crash.cases(TRAIL, runs, seed=3))
    double = [one for one in drawn if one.again_at]
    assert (len(drawn), len(double) >= runs // 4) == (runs, True)
    assert all(one.kill_at in {2, 5, 6} for one in double if one.again_within), "it leaves nothing half done"
    assert len({one.again_within for one in double}) == min(len(double), 6)
    assert drawn == list(crash.cases(TRAIL, runs, seed=3))


def test_the_long_form_of_part_crash_has_every_single_kill():
    runs = 38  # 7 boundaries, each with and without copies, dropped and torn: 28, and 9 double ones among them
    assert (crash.covers(len(TRAIL), runs), crash.covers(len(TRAIL), runs - 2)) == (True, False)
    single = [(one.kill_at, one.files_copies, one.lose) for one in crash.cases(TRAIL, runs, seed=3) if not one.again_at]
    assert len(set(single)) == len(single) == 28


# --- upkeep ----------------------------------------------------------------------------------------------------------


@needs_fork
def test_a_restore_a_backup_and_a_migration_that_were_killed_do_when_they_are_typed_again():
    outcome = upkeep.run(kills=1, seed=19)
    assert (outcome.faults, outcome.violations) == (len(upkeep.WAYS), ())


@needs_fork
@pytest.mark.long
def test_at_whatever_boundary_a_restore_a_backup_and_a_migration_are_killed():
    assert upkeep.run(kills=1000, seed=20).violations == ()


@needs_fork
@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "way", "told"),
    [("unheld", upkeep.RESTORE, "by the start after it"), ("new key", upkeep.RESTORE, "after all")],
)
def test_part_upkeep_sees_a_planted_mistake(mistake, way, told):
    found = upkeep.run(kills=1000, seed=21, plant=mistake, ways=[way]).violations
    assert any(told in one for one in found), f"{mistake} was not seen: {found}"


# --- hostile, sandbox ------------------------------------------------------------------------------------------------


@on_linux
def test_hostile_mails_end_in_a_named_state_and_the_good_mail_behind_is_read():
    outcome = hostile.run(long=False, seed=14, number=4)
    assert (outcome.runs, outcome.violations) == (4, ())


def test_there_are_enough_hostile_inputs():
    names = [name for name, _ in hostile.inputs()]
    assert len(names) == len(set(names)) >= 220


QUICK = ("a file named CON.docx", "a formula as a position")


@on_linux
@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("bug", "it ended in archived"),
        ("leak", "I11: the daemon holds"),
        ("child", "I11: a child held"),
        ("header", "I4: a header was injected"),
        ("skipped", "I1: it has no row"),
        ("formula", "I15: the cell"),
    ],
)
def test_part_hostile_sees_a_planted_mistake(mistake, told):
    found = hostile.run(long=False, seed=15, plant=mistake, names=QUICK).violations
    assert any(told in one for one in found), f"{mistake} was not seen"


@on_linux
@pytest.mark.long
def test_part_hostile_sees_a_good_mail_that_waits_too_long(monkeypatch):
    monkeypatch.setattr(hostile, "DELAY_S", 7.0)  # the plant sleeps for eight
    assert hostile.run(long=False, seed=15, names=QUICK[:1]).violations == ()
    (told,) = hostile.run(long=False, seed=15, plant="slow", names=QUICK[:1]).violations
    assert "I10: the good mail behind it was answered after" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ()),
        ({"cell": "=1+1"}, ("the cell A9 of xl/worksheets/sheet1.xml is a formula",)),
        ({"part": "xl/externalLinks/externalLink1.xml"}, ("the part xl/externalLinks/externalLink1.xml",)),
        ({"part": "xl/vbaProject.bin"}, ("the part xl/vbaProject.bin",)),
        ({"link": "http://127.0.0.1/"}, ("a link out of xl/worksheets/_rels/sheet1.xml.rels",)),
        ({"empty": "yes"}, ("the workbook does not tell of all units",)),
    ],
)
def test_what_a_spreadsheet_would_calculate_or_fetch_is_seen(change, told):
    def fill(sheet):
        for unit in () if "empty" in change else office.UNITS:
            sheet.append([unit])
        sheet["A9"] = change.get("cell", "words")
        if "link" in change:
            sheet["A8"].hyperlink = change["link"]

    data = excel.workbook(fill)
    if "part" in change:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        data = word.zipped({**parts, change["part"]: b"<x/>"})
    assert tuple(hostile.calculated(data)) == told


@on_linux
def test_nothing_gets_out_of_the_locked_worker():
    assert sandbox.run(long=False, seed=1).violations == ()


@on_linux
def test_part_sandbox_sees_a_worker_without_its_lock():
    names = ["read /etc/passwd", "write", "socket", "fork"]
    found = list(sandbox.not_refused(sandbox.escapes("tests.rig.unlocked", only=names)))
    assert len(found) == len(names)


@on_linux
def test_part_sandbox_sees_a_lock_that_costs():
    (told,) = sandbox.too_dear(sandbox.least_cost(30, "tests.rig.slowly_locked"))
    assert "the lock costs" in told
    assert not list(sandbox.too_dear(1.1))


# --- world, soak -----------------------------------------------------------------------------------------------------


def test_drawn_worlds_hold():
    outcome = world.run(seeds=2, steps=30, seed=500)
    assert (outcome.runs, outcome.violations) == (2, ())


def everybody_is_a_person(_head, _reading, **_options):
    return Triage(SenderKind.PERSON, answerable=True, why="planted")


class AndEverySeventh(AbstractSet):
    """What is taken for known: what was seen, and by mistake each seventh number."""

    def __init__(self, seen):
        self._seen = frozenset(seen)

    def __contains__(self, uid):
        return uid % 7 == 0 or uid in self._seen

    def __iter__(self):
        return iter(self._seen)

    def __len__(self):
        return len(self._seen)


def some_are_skipped(self, account, folder, uid_validity, known=SqlRecord.known):
    return AndEverySeventh(known(self, account, folder, uid_validity))


def whatever_waits(dossier):
    """Which submission an answer completes: the newest that waits, whatever our letter spoke of."""
    return dossier.known.open_from(dossier.reading.head.from_address, dossier.arrived_at)


@pytest.mark.long
@pytest.mark.parametrize(
    ("owner", "name", "mistake", "told"),
    [
        (pipeline, "triage", everybody_is_a_person, "I3"),
        (SqlRecord, "known", some_are_skipped, "I1"),
        (jobs, "_knows_what_came", lambda *_: True, "which lay in the mailbox"),
        (completion, "_answerable", whatever_waits, "I5"),
    ],
    ids=["machines", "skipped", "reminders by who has not looked", "completions of another form"],
)
def test_part_world_sees_a_planted_mistake(monkeypatch, owner, name, mistake, told):
    monkeypatch.setattr(owner, name, mistake)
    if name == "_knows_what_came":  # what waits for the Sent folder waits for the mailbox as well
        monkeypatch.setattr(jobs, "_postponed", lambda *_: ())
    found: list[str] = []
    for seed in range(700, 730):
        found = found or world.live(seed, 80)
    assert any(told in one for one in found), "it was not seen"


@on_linux
def test_some_hours_of_polls_hold_and_leak_nothing(monkeypatch):
    monkeypatch.setattr(soak, "_POLLS_A_DAY", 36)  # the whole day, a minute long, is in the rig's short form
    assert soak.run(days=1, seed=16).violations == ()


@on_linux
@pytest.mark.long
def test_part_soak_sees_a_mail_that_is_dropped():
    assert any("never answered" in one for one in soak.run(days=2, seed=17, plant=soak.FORGOTTEN).violations)


@on_linux
@pytest.mark.long
def test_part_soak_sees_memory_that_a_restart_gives_back():
    # more days than the one that the fresh process lives through, leaking as fast
    assert any("a restart gave" in one for one in soak.run(days=3, seed=18, plant=soak.LEAK).violations)


@on_linux
@pytest.mark.long
@pytest.mark.parametrize(
    ("mistake", "told"), [(soak.OPEN_FILES, "descriptors"), (soak.READER, "the write-ahead log had")]
)
def test_part_soak_sees_what_grows(monkeypatch, mistake, told):
    monkeypatch.setattr(
        soak, "_WAL_BYTES", 4 * 2**20 + 2**19
    )  # SQLite takes over what is longer than 4 MB (1,000 pages)
    assert any(told in one for one in soak.run(days=2, seed=19, plant=mistake).violations)


# --- the roster is edited --------------------------------------------------------------------------------------------


def reminded_after_renaming(folder) -> list[str]:
    """A unit sends its form, is renamed on the roster, and the deadline's day comes."""
    attachment, values = crash.filled(crash.STONE)
    raw = office.mail(values["email"], "联络员表", attachment=attachment, number=1)
    with inprocess.Office(folder, office.START, clerk=False) as office_:
        for edition, later in ((0, timedelta(minutes=30)), (1, timedelta(days=2))):
            if edition == 0:
                office_.deliver(raw, values["email"])
            office_.pass_time(later)
            with open_app(office_.settings, office_.clock, roster=rosters.edition(edition)) as app:
                inprocess.a_round(app)
    return needless_reminders(folder)


def test_a_renamed_unit_is_not_reminded_of_what_it_sent_and_the_world_would_see_it(monkeypatch, tmp_path):
    assert reminded_after_renaming(tmp_path / "as it is") == []
    monkeypatch.setattr(Roster, "name_of_the_day", lambda _self, name: UnitName(name))
    assert any("which had been accepted" in one for one in reminded_after_renaming(tmp_path / "planted"))
