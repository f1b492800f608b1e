"""The archive keeps every byte, once, and a file is whole or not there."""

import errno
import hashlib
import os
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from intake.archive import Archive
from intake.errors import OfficeError, TransientServerError
from intake.model import Sha256

MAIL = b"Subject: 1\r\n\r\n\xd3\xc3\xbb\xa7 raw GBK, LF only\nand no end"
ROOT = Path(__file__).parents[3]
SHA256 = Sha256(hashlib.sha256(MAIL).hexdigest())


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "data" / "archive")


def files(archive):
    return sorted(path.relative_to(archive.root).as_posix() for path in archive.root.rglob("*") if path.is_file())


def test_the_bytes_come_back_as_they_were_given_in_chunks(archive):
    assert archive.store([MAIL[:7], b"", MAIL[7:]]) == SHA256
    assert archive.read(SHA256) == MAIL
    assert archive.verify(SHA256)
    assert files(archive) == [f"{SHA256[:2]}/{SHA256}.eml"]


def test_the_same_bytes_twice_are_one_file(archive):
    archive.store([MAIL])
    assert archive.store([MAIL[:20], MAIL[20:]]) == SHA256
    assert files(archive) == [f"{SHA256[:2]}/{SHA256}.eml"]


def test_a_mail_of_no_bytes_can_be_kept(archive):
    assert archive.read(archive.store([])) == b""


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nobody_else_may_look_inside(archive):
    previous = os.umask(0)
    try:
        path = archive.path(archive.store([MAIL]))
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, archive.root)] == [0o700, 0o700]


def test_a_source_that_breaks_off_leaves_nothing_behind(archive):
    def chunks():
        yield MAIL
        raise TransientServerError("连接中断")

    with pytest.raises(TransientServerError):
        archive.store(chunks())
    assert files(archive) == []


def test_a_network_timeout_is_not_taken_for_a_disk_fault(archive):
    def chunks():
        yield MAIL
        raise TimeoutError

    with pytest.raises(TimeoutError):
        archive.store(chunks())


def fail(code, *, on, monkeypatch):
    def refuse(*_arguments, **_keywords):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, on, refuse)


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_is_told_to_the_office_and_leaves_no_half_file(archive, monkeypatch, call):
    archive.store([b"another"])
    before = files(archive)
    fail(errno.ENOSPC, on=call, monkeypatch=monkeypatch)
    with pytest.raises(OfficeError, match="磁盘空间已满") as caught:
        archive.store([MAIL])
    assert "没有丢失" in caught.value.problems[0]
    monkeypatch.undo()
    assert files(archive) == before
    assert archive.store([MAIL]) == SHA256, "it goes on by itself when there is room again"


def test_other_disk_faults_name_the_reason(archive, monkeypatch):
    fail(errno.EIO, on="fsync", monkeypatch=monkeypatch)
    with pytest.raises(OfficeError, match="不能写入"):
        archive.store([MAIL])


def test_a_directory_that_cannot_be_made_is_an_office_error(tmp_path):
    (tmp_path / "archive").write_text("a file in the way")
    with pytest.raises(OfficeError):
        Archive(tmp_path / "archive").store([MAIL])


def test_a_mail_has_its_name_only_when_its_bytes_are_on_the_disk(archive, monkeypatch):
    synced = []
    real = os.fsync

    def watch(descriptor):
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), archive.path(SHA256).exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    archive.store([MAIL])
    root, first, *directories = synced
    assert root[0], "the archive's own name is made durable in the data directory"
    assert first == (False, False), "the file is synced before it has its name"
    if hasattr(os, "O_DIRECTORY"):
        assert directories == [(True, False), (True, True)], "then the new folder's name, and last the file's"


def test_damage_is_found_on_reading(archive):
    path = archive.path(archive.store([MAIL]))
    path.write_bytes(MAIL[:-1])
    assert not archive.verify(SHA256)
    with pytest.raises(OfficeError, match="已损坏"):
        archive.read(SHA256)


def test_a_damaged_file_is_healed_when_the_mail_comes_again(archive):
    path = archive.path(archive.store([MAIL]))
    path.write_bytes(b"")
    archive.store([MAIL])
    assert archive.read(SHA256) == MAIL


def test_a_missing_mail_is_an_office_error(archive):
    assert not archive.verify(SHA256)
    with pytest.raises(OfficeError, match="读不到"):
        archive.read(SHA256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_names_a_file(archive, name):
    with pytest.raises(ValueError, match="SHA-256"):
        archive.path(Sha256(name))


def test_leftovers_of_a_crash_are_cleaned_up_and_mails_are_not(archive):
    archive.store([MAIL])
    (archive.root / "tmpabc.tmp").write_bytes(b"half")
    assert archive.clean_up() == 1
    assert archive.clean_up() == 0
    assert archive.read(SHA256) == MAIL


def test_cleaning_up_before_the_first_mail_is_no_error(archive):
    assert archive.clean_up() == 0
    assert list(archive.hashes()) == []


def test_mails_without_a_row_are_found(archive):
    known, orphan = archive.store([b"known"]), archive.store([b"orphan"])
    (archive.root / orphan[:2] / "notes.eml").write_bytes(b"not ours")
    assert list(archive.orphans({known})) == [orphan]
    assert list(archive.hashes()) == sorted([known, orphan])


def test_a_kill_at_any_point_leaves_a_whole_mail_or_none(tmp_path):
    """The process dies in the middle of the n-th call that touches the disk, for every n."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from intake.archive import Archive\n"
        "left = int(sys.argv[2])\n"
        "def dying(real):\n"
        "    def call(*a, **k):\n"
        "        global left\n"
        "        left -= 1\n"
        "        if left == 0: os._exit(9)\n"
        "        return real(*a, **k)\n"
        "    return call\n"
        "for name in ('write', 'fsync', 'replace', 'rename', 'mkdir', 'unlink', 'close'):\n"
        "    setattr(os, name, dying(getattr(os, name)))\n"
        "Archive(Path(sys.argv[1])).store([b'one ', b'two'])\n"
    )
    sha256 = Sha256(hashlib.sha256(b"one two").hexdigest())
    outcomes = []
    for number in range(1, 30):
        root = tmp_path / str(number)
        done = subprocess.run([sys.executable, "-c", program, str(root), str(number)], check=False, cwd=ROOT)
        archive = Archive(root)
        outcomes.append(list(archive.hashes()))
        assert outcomes[-1] in ([], [sha256])
        assert all(archive.verify(one) for one in outcomes[-1])
        archive.clean_up()
        assert not list(root.glob("*.tmp"))
        assert archive.store([b"one two"]) == sha256
        if done.returncode == 0:
            break
    else:
        pytest.fail("the program never came to its end")
    assert [] in outcomes
    assert [sha256] in outcomes


def test_memory_does_not_grow_with_the_mail(archive):
    chunk = bytes(2**18)
    tracemalloc.start()
    try:
        archive.store(chunk for _ in range(80))  # 20 MB
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()


def test_it_works_where_directories_cannot_be_synced(tmp_path):
    """Windows has no O_DIRECTORY."""
    program = (
        "import os, sys\n"
        "del os.O_DIRECTORY\n"
        "from pathlib import Path\n"
        "from intake.archive import Archive\n"
        "print(Archive(Path(sys.argv[1])).store([b'x']))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    assert Archive(tmp_path).verify(Sha256(done.stdout.strip()))
