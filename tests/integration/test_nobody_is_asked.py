"""Documents that fetch or run something, through LibreOffice: with the jail nobody is asked, and without it neither.

Each test has its control: the same file, opened by a LibreOffice that nobody has told otherwise, does ask or does run.
"""

import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from intake.read import read_document
from parsers import office, programs
from parsers.programs import Runner, private_folder
from parsers.sniff import Kind
from tests.builders import hostile_macros as macros
from tests.builders.forms import AREA_CODE, FORMS
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.listening import listening
from tests.builders.reading import values

pytestmark = [pytest.mark.integration, needs_libreoffice]
MOBILE = "13805950002"
TO_DOCX = "docx:MS Word 2007 XML"
NAME = "{http://openoffice.org/2001/registry}name"
KNOWN = {("MacroSecurityLevel", "3"), ("DisableMacrosExecution", "true"), ("BlockUntrustedRefererLinks", "true")}
WRITTEN = KNOWN | {("DisableActiveContent", "true"), ("Link", "0"), ("Link", "2")}
LEVEL = '"MacroSecurityLevel"><value>{}</value>'
DISABLED = '"DisableMacrosExecution"><value>{}</value>'
BLOCKED = '"BlockUntrustedRefererLinks"><value>{}</value>'


def mobiles(worker, data, name) -> list[str]:
    reading = read_document(worker, data, name, FORMS, area_code=AREA_CODE, seconds=60.0).document
    return [values(form)["mobile"] for form in reading.forms]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("表.odt", macros.remote_odt),
        # The sniffer calls it HTML; were it not for that, LibreOffice would fetch what the page wants (facts §2.4).
        pytest.param("表.doc", macros.remote_html, marks=pytest.mark.long),
        pytest.param("表.docx", macros.remote_picture, marks=pytest.mark.long),
    ],
)
def test_what_libreoffice_would_fetch_is_not_fetched_when_we_read_it(worker, name, make):
    with listening() as ear:
        data = make(ear.url)
        converted({name: data}, TO_DOCX)
        assert ear.heard, "the control: this file asks nobody, the test says nothing"
        ear.heard.clear()
        assert mobiles(worker, data, name) == [MOBILE]
        assert ear.heard == []


# LibreOffice 7.4 asks nobody about these by itself; another program, or its next version, may.
@pytest.mark.parametrize("name", [pytest.param("b.rtf", marks=pytest.mark.long), "c.docx", "d.docx"])
def test_other_things_that_lie_elsewhere_are_not_fetched_either(worker, name):
    with listening() as ear:
        assert mobiles(worker, macros.ASKING[name](ear.url), name) == [MOBILE]
        assert ear.heard == []


# --- the settings, without the jail: they are all that there is on Windows and macOS -----------------------------------


@pytest.fixture
def no_jail(monkeypatch):
    monkeypatch.setattr(programs, "_jailed", lambda command, *_, **__: command)


def set_otherwise(monkeypatch, setting: str, ours: str, other: str) -> None:
    assert setting.format(ours) in office._SETTINGS
    monkeypatch.setattr(office, "_SETTINGS", office._SETTINGS.replace(setting.format(ours), setting.format(other)))


@dataclass(slots=True)
class Watched(Runner):
    """Notes the settings that lie in the profile of each start."""

    profiles: list[bytes] = field(default_factory=list)

    def run(self, command, folder, **options):
        self.profiles.append((folder / "profile" / "user" / "registrymodifications.xcu").read_bytes())
        return Runner.run(self, command, folder, **options)


@pytest.mark.long
def test_every_start_has_our_settings_in_its_profile():
    runner = Watched()
    found = office.find_office(runner)
    assert found is not None
    found.convert(macros.odt("<text:p>ready</text:p>"), Kind.ODT)
    found.convert(macros.odt("<text:p>ready</text:p>"), Kind.ODT)
    found.close()
    version, first, *files = [
        {(prop.get(NAME), prop.findtext("value")) for prop in ET.fromstring(profile).iter("prop")}  # noqa: S314 - ours
        for profile in runner.profiles
    ]
    assert version == WRITTEN
    # LibreOffice 7.4 drops what it does not know (DisableActiveContent) and what is its default when it writes its own.
    assert len(files) == 2
    assert all(one >= KNOWN for one in (first, *files))


@pytest.mark.long
def test_without_the_jail_the_settings_alone_keep_libreoffice_from_asking(no_jail, monkeypatch):
    with listening() as ear:
        data = macros.remote_odt(ear.url)

        def heard() -> list[str]:
            found = office.find_office(Runner())
            assert found is not None
            assert MOBILE.encode() in macros.parts_of(found.convert(data, Kind.ODT).data)["word/document.xml"]
            found.close()
            return ear.heard

        assert heard() == []
        set_otherwise(monkeypatch, BLOCKED, "true", "false")
        assert heard(), "the control: without the setting nobody is asked either"


def ran(folder: Path, seconds: float) -> tuple[bool, float]:
    """Open, not convert, a document whose macro writes a file; return whether it did within `seconds`, and when.

    A conversion runs no macros whatever the settings are; it is not what they are for.
    """
    folder.mkdir()
    mark, document = folder / "ran", folder / "document.odt"
    document.write_bytes(macros.odt_that_writes(str(mark)))
    found = office.find_office(Runner())
    assert found is not None
    shutil.copytree(found.profile.name, folder / "profile")
    found.close()
    runner = Runner()
    command = [found.program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
    start = threading.Thread(target=runner.run, args=([*command, str(document)], folder), kwargs={"seconds": seconds})
    began = time.monotonic()
    start.start()
    while start.is_alive() and not mark.exists():
        time.sleep(0.1)
    took = time.monotonic() - began
    runner.stop()
    start.join()
    return mark.exists(), took


@pytest.mark.long
def test_without_the_jail_each_setting_alone_keeps_a_macro_from_running(no_jail, monkeypatch):
    with private_folder() as folder:
        with monkeypatch.context() as loosened:
            set_otherwise(loosened, LEVEL, "3", "0")
            set_otherwise(loosened, DISABLED, "true", "false")
            control, took = ran(folder / "control", 60)
        assert control, "the control: without the settings the macro does not run either"
        patience = max(8.0, 3 * took)
        assert not ran(folder / "ours", patience)[0]
        with monkeypatch.context() as loosened:
            set_otherwise(loosened, LEVEL, "3", "0")
            assert not ran(folder / "disabled", patience)[0]
        with monkeypatch.context() as loosened:
            set_otherwise(loosened, DISABLED, "true", "false")
            assert not ran(folder / "level", patience)[0]


@pytest.mark.long
def test_a_macro_of_a_document_that_we_read_leaves_nothing(worker, tmp_path):
    mark = tmp_path / "ran"
    assert mobiles(worker, macros.odt_that_writes(str(mark)), "表.odt") == [MOBILE]
    assert not mark.exists()
