"""Options of the whole test run: long rigs only on request, missing servers never pass silently in CI."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
settings.register_profile("long", parent=settings.get_profile("default"), max_examples=2_000)


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the crash rigs and other tests that take minutes")


def pytest_configure(config):
    settings.load_profile("long" if config.getoption("--long") else "default")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="long: run with --long")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a skipped integration test is a failure: it would hide a missing server."""
    report = yield
    asked_for = "long" not in item.keywords or item.config.getoption("--long")
    if report.skipped and "integration" in item.keywords and os.environ.get("CI") and asked_for:
        report.outcome = "failed"
        report.longrepr = f"integration test skipped in CI: {report.longrepr}"
    return report


# Where the service is opened again and again. To start a worker takes some 0.8 s of a core, most of a short test's time.
_OPEN_THE_SERVICE = ("integration", "web", "unit/scheduler")


@pytest.fixture(scope="module", autouse=True)
def _one_worker(request):
    """Give the modules that open the service one worker each."""
    where = request.path.parent.relative_to(Path(__file__).parent).as_posix()
    if where.startswith(_OPEN_THE_SERVICE):
        request.getfixturevalue("one_worker")


@pytest.fixture(scope="module")
def one_worker():
    """What a module opens of the service reads with one worker."""
    from parsers.services import Services  # noqa: PLC0415 - the service, for those who ask for it
    from tests.rig.inprocess import shared_worker  # noqa: PLC0415

    with shared_worker(Services()):
        yield
