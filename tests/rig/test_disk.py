"""The short form of "disk" holds, and the part sees what is planted for it."""

import os
from contextlib import suppress

import pytest

from intake import archive as archive_module
from intake import pipeline
from intake.db import soundness
from intake.errors import OfficeError
from scheduler import guard
from scheduler.desk.run import ConfigWatch
from tests.rig import disk, refusals
from tests.rig.inprocess import shared_worker

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")  # noqa: PTH112


def test_whichever_call_fails_nothing_is_lost_and_it_goes_on_by_itself():
    outcome = disk.run(long=False, seed=21)
    assert outcome.violations == ()
    assert outcome.runs > 100
    assert outcome.faults > 100


def seen(only, *words: str) -> bool:
    outcome = disk.run(long=True, seed=1, only=only, stop_early=True)
    return any(all(word in one for word in words) for one in outcome.violations)


@pytest.mark.long
def test_an_fsync_whose_failure_is_swallowed_is_seen(monkeypatch):
    def write(self, descriptor, chunks, finish):
        digest = archive_module.hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            with self._disk():
                archive_module._write_all(descriptor, chunk)
        finish()
        with suppress(OSError):
            archive_module.os.fsync(descriptor)
        return digest.hexdigest()

    monkeypatch.setattr(archive_module.Archive, "_write", write)
    assert seen(lambda one: one.where == "archive" and one.nth <= 8, "a power loss would take")


@pytest.mark.long
def test_a_directory_whose_name_is_not_durable_is_seen(monkeypatch):
    def directory(self, path):
        path.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(archive_module.Archive, "_directory", directory)
    assert seen(lambda _one: False, "a power loss would take")


@pytest.mark.long
def test_a_letter_for_a_mail_that_is_not_in_the_archive_is_seen(monkeypatch):
    real = archive_module.Archive.store
    kept: dict[str, bytes] = {}

    def store(self, chunks, **options):
        raw = b"".join(chunks)
        name = archive_module.hashlib.sha256(raw).hexdigest()
        kept[name] = raw
        try:
            return real(self, [raw], **options)
        except OfficeError:
            return name

    monkeypatch.setattr(archive_module.Archive, "store", store)
    monkeypatch.setattr(archive_module.Archive, "read", lambda _self, name: kept[name])
    assert seen(lambda one: one.where == "archive" and one.stands and one.nth <= 3, "not in the archive")


@pytest.mark.long
def test_a_mail_that_is_given_up_because_the_disk_was_full_is_seen(monkeypatch):
    monkeypatch.setattr(pipeline, "explain", lambda _error: None)
    monkeypatch.setattr(pipeline.queries, "MAXIMUM_ATTEMPTS", 1)
    assert seen(lambda one: one.where == "record" and not one.stands and not one.late and one.nth % 7 == 0, "I9")


@pytest.mark.long
def test_a_failing_disk_that_nobody_tells_of_is_seen(monkeypatch):
    monkeypatch.setattr(guard, "_note_failure", lambda *_arguments: None)
    assert seen(lambda one: one.where == "archive" and one.nth == 3, "says nothing of the failing archive")
    assert seen(lambda one: one.where == "record" and one.nth == 9, "nobody says")


def played(folder) -> list[str]:
    with shared_worker():
        return refusals.play(folder, long=False, seed=3)[1]


@pytest.mark.long
def test_a_new_database_beside_an_archive_and_a_damaged_one_that_is_used_are_seen(monkeypatch, tmp_path):
    monkeypatch.setattr(soundness, "examine", lambda _url, _archive: None)
    found = played(tmp_path)
    for damage in ("missing", "empty", "log deleted after a kill"):
        assert any(one.startswith(damage) for one in found), f"{damage} was not seen"


@pytest.mark.long
def test_a_file_that_comes_into_force_while_it_is_written_is_seen(monkeypatch, tmp_path):
    class Hasty(ConfigWatch):
        def changed(self):
            self._sighted = self._stamp()
            return super().changed()

    monkeypatch.setattr(refusals, "ConfigWatch", Hasty)
    assert any("came into force" in one for one in played(tmp_path))


def test_the_drawn_faults_depend_on_the_seed_alone():
    last = {"archive": 30, "record": 200, "commit": 60}
    drawn = [list(disk.faults(long=False, seed=seed, last=last)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(list(disk.faults(long=True, seed=1, last=last))) > 500
