"""What a server answers can't forge a line of the log, in whatever way it ends its lines."""

import io
import logging
import re
import sys
import time
from contextlib import contextmanager

import pytest

from intake.errors import OfficeError, PermanentServerError
from scheduler.demo.faults import Answer, Rule, Stage
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk import cli
from scheduler.desk.cli import main
from scheduler.desk.log_lines import EventFormatter, together
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
FORGED = "2025-05-27 09:00:00,000 level=INFO intake.deliver action=deliver.sent letter=1 attempt=1"
ENDS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\n\r", "\x1b[1A\x1b[2K", "\b" * 99]


@contextmanager
def own_root():
    """The root logger as a command finds it: pytest's handlers, which are there by now, would keep it from setting up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def margin(text):
    """The lines that begin at the margin, by every notion of a line."""
    return [line for line in text.splitlines() if line and not line.startswith("    ")]


@pytest.mark.parametrize("end", ENDS)
def test_an_answer_in_a_log_line_stays_in_it(monkeypatch, end):
    heard = io.StringIO()
    monkeypatch.setattr(sys, "stderr", heard)
    with own_root():
        cli._set_up_logging(verbose=True)
        logging.getLogger("imap_tools").warning("answer=%s", f"NO refused{end}{FORGED}")
    (line,) = margin(heard.getvalue())
    assert " level=WARNING imap_tools answer=NO refused" in line
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", heard.getvalue())


def test_a_traceback_and_frames_stay_readable_and_with_their_event():
    logger = logging.getLogger("tests.log_lines")
    try:
        int(f"550 no\n{FORGED}")
    except ValueError:
        record = logger.makeRecord("x", logging.ERROR, __file__, 1, "action=x.bug\n%s", ("a\nb",), sys.exc_info())
    text = EventFormatter("%(asctime)s level=%(levelname)s %(message)s").format(record)
    assert len(margin(text)) == 1
    assert text.count("\n") > 4, "the lines are still lines"
    assert time.strftime("%Y") in margin(text)[0]


def test_chinese_and_an_ordinary_line_are_left_alone():
    assert together("错误：收信中断（请检查授权码）。") == "错误：收信中断（请检查授权码）。"


@pytest.mark.parametrize("error", [PermanentServerError(f"550 no\n{FORGED}"), OfficeError(f"550 no\r\n{FORGED}")])
def test_what_a_command_ends_with_forges_no_line_beside_the_log(capsys, monkeypatch, error):
    def refuse(_arguments):
        raise error

    monkeypatch.setattr("scheduler.desk.status.run", refuse)
    with own_root():
        assert main(["status"]) in (2, 3)
    assert margin(capsys.readouterr().err) == ["错误：550 no"]


def test_a_servers_answer_of_several_lines_forges_none_where_the_log_goes(capsys, tmp_path):
    with (
        own_root(),
        DemoMailbox(ADDRESS, office.PASSWORD) as imap,
        SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink,
    ):
        imap.deliver("INBOX", office.mail(office.UNITS["青石镇人民政府"], "附件2", number=1), office.START)
        said = f"no\r\n535-{FORGED}\r\n535 {FORGED}".encode()
        sink.script(Rule(Stage.AUTH, Answer(b"535-" + said), times=9))
        config = site(tmp_path, imap_port=imap.port, smtp_port=sink.port)
        main(["run", "--once", "--verbose", "--config", str(config)])
    err = capsys.readouterr().err
    assert "action=" in err
    assert not [line for line in err.splitlines() if line.startswith(FORGED[:23])]
