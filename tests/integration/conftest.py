"""Engines and a locked worker that asks them, one of each for a module; a PostgreSQL for all; a keyboard that answers."""

import builtins

import pytest

from parsers.isolate import Worker
from parsers.services import Services
from tests.builders import postgres as builder


@pytest.fixture(scope="module")
def services():
    return Services()


@pytest.fixture(scope="module")
def worker(services):
    with Worker(handlers="intake.unpack", service=services) as one:
        yield one


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
