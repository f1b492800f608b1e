"""The lock files: every package that pyproject.toml asks for is pinned within its range and by its hashes, from no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "requirements.txt": ASKED,
    "requirements-dev.txt": [*ASKED, *PROJECT["dependency-groups"]["dev"]],
    **{f"requirements-{extra}.txt": [*ASKED, *wanted] for extra, wanted in EXTRAS.items()},
}
_PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(\S+)(?: ;[^\\]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def pins(text: str) -> dict[str, str]:
    return {name: version for name, version, _ in _PIN.findall(text)}


def test_each_lock_file_belongs_to_something_that_can_be_installed():
    assert {path.name for path in ROOT.glob("requirements*.txt")} == set(LOCKS)


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_what_is_asked_for_is_pinned_within_its_range(name):
    pinned = pins((ROOT / name).read_text(encoding="utf-8"))
    for line in LOCKS[name]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[re.sub(r"[-_.]+", "-", wanted.name).lower()]), line


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_every_pin_has_hashes_and_no_line_an_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    told = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(told) == len(pins(text)) > 40
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize("name", sorted(set(LOCKS) - {"requirements.txt"}))
def test_the_same_versions_are_pinned_everywhere(name):
    """What is installed on top of another file must not change it."""
    pinned = pins((ROOT / name).read_text(encoding="utf-8"))
    core = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert {package: pinned[package] for package in core} == core
