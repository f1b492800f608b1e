"""Engines and a locked worker that asks them, one of each for a module; an office with a clerk; a PostgreSQL for all."""

import builtins

import pytest

from parsers.isolate import Worker
from parsers.services import Services
from tests.builders import office
from tests.builders import postgres as builder
from tests.rig.clerk import Desk
from tests.rig.inprocess import Office


@pytest.fixture(scope="module")
def services():
    return Services()


@pytest.fixture(scope="module")
def worker(services):
    with Worker(handlers="intake.unpack", service=services) as one:
        yield one


@pytest.fixture
def desk(tmp_path, one_worker):
    """An office whose service goes on as the test bids, without a clerk's address, and the desk of its clerk."""
    with Office(tmp_path / "data", office.START, clerk=False) as opened:
        yield Desk(opened, opened.open())


@pytest.fixture(scope="session")
def postgres():
    if builder.BIN is None:
        pytest.skip("needs PostgreSQL (Debian's package postgresql)")
    with builder.running() as server:
        yield server


@pytest.fixture
def answers(monkeypatch):
    """What the clerk types when asked; nothing left: no keyboard."""
    typed: list[str] = []

    def answered(prompt: str = "") -> str:
        print(prompt)
        if not typed:
            raise EOFError
        return typed.pop(0)

    monkeypatch.setattr(builtins, "input", answered)
    return typed


@pytest.fixture
def brief(monkeypatch):
    """Let `intake check` leave the engines out: it would read a specimen by each, half a minute a test."""
    monkeypatch.setattr("scheduler.desk.check.Engine", ())
