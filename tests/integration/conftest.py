"""The engines of this machine and a locked worker that asks them, one of each for a module; a PostgreSQL for all."""

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
