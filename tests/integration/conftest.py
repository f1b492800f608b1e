"""The engines of this machine and a locked worker that asks them, one of each for a module."""

import pytest

from parsers.isolate import Worker
from parsers.services import Services


@pytest.fixture(scope="module")
def services():
    return Services()


@pytest.fixture(scope="module")
def worker(services):
    with Worker(handlers="intake.unpack", service=services) as one:
        yield one
