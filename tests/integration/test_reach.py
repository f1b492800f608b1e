"""I14: whom the daemon speaks to and where it writes, seen by the interpreter's own audit events (PEP 578) in a real process."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office
from tests.builders.site import site
from tests.servers.robot import Robot

ADDRESS = "a27398830@126.com"
TOWN = "青石镇人民政府"
# What Python itself imports before anything else; in the worker it does not run (-I), which has a lock of its own.
WATCH = """
import json, os, sys
_out = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def _hook(event, arguments):
    if event == "socket.connect":
        found = ["connect", *map(str, arguments[1][:2])] if isinstance(arguments[1], tuple) else ["connect", str(arguments[1])]
    elif event == "socket.getaddrinfo":
        found = ["ask", str(arguments[0]), str(arguments[1])]
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES and not isinstance(arguments[0], int):
        found = ["write", os.path.abspath(os.fsdecode(arguments[0]))]
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "sqlite3.connect"):
        names = [one for one in arguments[:2] if isinstance(one, (str, bytes, os.PathLike))]
        plain = [os.fsdecode(one).removeprefix("file:").partition("?")[0] for one in names]
        found = ["write", *map(os.path.abspath, plain)]
    else:
        return
    os.write(_out, (json.dumps(found) + "\\n").encode())
sys.addaudithook(_hook)
"""


@pytest.fixture
def servers():
    with (
        DemoMailbox(ADDRESS, office.PASSWORD) as mailbox,
        SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink,
        Robot() as robot,
    ):
        yield mailbox, sink, robot


def seen(tmp_path: Path, config: Path) -> list[list[str]]:
    """Run rounds of the real program and return what it asked of the system."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log = tmp_path / "seen.jsonl"
    paths = os.pathsep.join([str(watch), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": paths, "SEEN": str(log), "PYTHONDONTWRITEBYTECODE": "1"}
    for _ in range(2):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("intake")), "run", "--once", "--config", str(config)],
            env=environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert b"Traceback" not in done.stderr
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_it_speaks_to_the_configured_servers_only_and_writes_below_its_data_directory_only(tmp_path, servers):
    mailbox, sink, robot = servers
    for number, attachment in enumerate((office.liaison(TOWN), b"not a form"), start=1):
        raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=attachment, number=number)
        mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=number))
    place = tmp_path / "office"
    place.mkdir()
    config = site(place, imap_port=mailbox.port, smtp_port=sink.port)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[health]\n", f'[health]\nwebhook_url = "{robot.url()}"\n', 1), encoding="utf-8")
    config.chmod(0o600)
    found = seen(tmp_path, config)
    ports = {str(one) for one in (mailbox.port, sink.port, robot.port)}
    reached = {(one[1], one[2]) for one in found if one[0] == "connect" and len(one) > 2}
    assert {port for _, port in reached} >= {str(mailbox.port), str(sink.port)}, "it was not watched"
    assert {host for host, _ in reached} <= {"127.0.0.1", "::1"}
    assert {port for _, port in reached} <= ports
    assert {one[1] for one in found if one[0] == "ask"} <= {"127.0.0.1", "localhost"}
    written = {Path(name) for one in found if one[0] == "write" for name in one[1:]}
    data = place / "data"
    assert any(name.suffix == ".eml" for name in written), "it was not watched"
    # the mark that letters have gone stands beside the configuration: the data directory may be lost
    mark = {place / "config.toml.sent"} | {one for one in written if one.match(f"{place}/.config.toml.sent.*.tmp")}
    assert {one for one in written if data not in (one, *one.parents)} <= mark | {Path(os.devnull)}
