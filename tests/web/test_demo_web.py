"""`intake demo --web`: the desk stays open on the demo's data, without a login, until it is interrupted."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest


def listen_to_interrupts() -> None:
    """A shell starts what runs in its background deaf to Ctrl+C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent as SIGINT")
def test_the_demo_leaves_the_desk_open_until_it_is_interrupted(tmp_path):
    code = "import sys; from scheduler.desk.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-u", "-c", code, "demo", "--web", "--port", "0", "--output", "demo"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=listen_to_interrupts,  # noqa: PLW1509 - no other thread holds a lock here
    ) as demo:
        assert demo.stdout is not None
        told = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", told)):
            line = demo.stdout.readline()
            assert line, told
            told += line
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(found[0] + "/", timeout=20) as answer:
            page = answer.read().decode()
        demo.send_signal(signal.SIGINT)
        try:
            assert demo.wait(timeout=20) == 0, demo.stdout.read()
        finally:
            demo.kill()  # or leaving the block would wait for it for ever
    assert "总览" in page
    assert "演示" in page
