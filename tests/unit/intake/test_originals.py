"""What is shown of an original comes from the worker: its words as text, a part's very bytes, or a sentence why not."""

import hashlib
import threading

import pytest

from intake import originals
from intake.errors import OfficeError
from intake.originals import mail_words, part_bytes
from parsers.isolate import Worker
from tests.builders.mail import attachment, web_mail


@pytest.fixture(scope="module")
def worker():
    with Worker(handlers="intake.unpack") as opened:
        yield opened


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_bytes_of_a_part_come_whole_in_several_pieces(worker, monkeypatch):
    monkeypatch.setattr(originals, "PIECE_BYTES", 1_000)
    data = bytes(range(256)) * 40
    raw = web_mail("正文", attachment("附件.docx", data))
    assert part_bytes(worker, raw, "2", fingerprint(data)) == data


def test_an_empty_part_is_empty(worker):
    assert part_bytes(worker, web_mail("x", attachment("a.docx", b"")), "2", fingerprint(b"")) == b""


def test_bytes_that_are_not_those_of_the_record_are_not_handed_out(worker):
    with pytest.raises(OfficeError, match="不一致"):
        part_bytes(worker, web_mail("x", attachment("a.docx", b"1")), "2", fingerprint(b"2"))


def test_a_part_that_there_is_not_is_told_in_words(worker):
    with pytest.raises(OfficeError, match="取不出来"):
        part_bytes(worker, web_mail("x"), "9", fingerprint(b""))


def test_the_words_of_a_mail_are_its_text(worker):
    assert "请查收" in mail_words(worker, web_mail("请查收", attachment("a.docx", b"1"))).own_text


def test_nobody_waits_long_for_a_worker_that_reads_something_else(monkeypatch):
    monkeypatch.setattr(originals, "_PATIENCE_S", 0.05)
    with Worker(handlers="intake.unpack") as busy:
        busy._turn.acquire()
        done = []
        thread = threading.Thread(target=lambda: done.append(mail_words(busy, b"")), daemon=True)
        thread.start()
        thread.join(10)
        told = [one.why_not for one in done]
        busy._turn.release()
        thread.join(10)
    assert ["稍候" in one for one in told] == [True]
