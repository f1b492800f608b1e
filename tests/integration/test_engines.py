"""LibreOffice and the unpackers from Debian, through the same pipe as in the daemon."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from intake.read import read_document
from parsers.document import FailureCode
from parsers.engines import Engine
from parsers.forms import DocumentReading
from parsers.programs import private_folder
from parsers.specimens import SPECIMENS, is_read
from tests.builders import word
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE
from tests.builders.hostile_archives import rar
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.reading import values
from tests.builders.rendering import render

pytestmark = pytest.mark.integration
ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府"))
OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}


def read(worker, data, name, seconds=60.0) -> DocumentReading:
    return read_document(worker, data, name, FORMS, area_code=AREA_CODE, seconds=seconds).document


@pytest.mark.parametrize("engine", list(Engine))
def test_the_specimen_of_every_engine_is_read(services, worker, engine):
    if not services.version(engine):
        pytest.skip(f"{engine} is not on this machine")
    specimen = SPECIMENS[engine]
    assert is_read(read(worker, specimen.data, specimen.name))


@needs_libreoffice
@pytest.mark.parametrize(
    ("to", "suffix"),
    [
        ("doc:MS Word 97", "doc"),
        pytest.param("rtf:Rich Text Format", "rtf", marks=pytest.mark.long),
        pytest.param("odt:writer8", "odt", marks=pytest.mark.long),
        pytest.param("xml:MS Word 2003 XML", "doc", marks=pytest.mark.long),
    ],
)
def test_a_form_comes_back_out_of_every_container_of_words(worker, to, suffix):
    data = converted({"表.docx": render("docx", LIAISON.title, ROWS, below=(NOTE,))}, to)["表.docx"]
    reading = read(worker, data, f"表.{suffix}")
    assert [values(form) for form in reading.forms] == [OFFICER]
    assert "by way of LibreOffice" in reading.reader


@needs_libreoffice
@pytest.mark.parametrize(
    ("to", "suffix"),
    [
        ("doc:MS Word 97", "doc"),
        ("pdf", "pdf"),
        pytest.param("rtf:Rich Text Format", "rtf", marks=pytest.mark.long),
        pytest.param("odt:writer8", "odt", marks=pytest.mark.long),
    ],
)
def test_deleted_hidden_and_struck_text_stays_out_of_every_container(worker, to, suffix):
    def row(label, *runs):
        return word.row(word.cell(word.para(word.run(label))), word.cell(word.para(*runs)))

    mobile = (word.deleted("13900000009"), word.inserted(word.run("13805950002")))
    table = word.table(
        row("姓名", word.run("王晓云"), word.run("隐藏", "<w:vanish/>")),
        row("职务", word.run("科长", "<w:strike/>"), word.run("科员")),
        row("手机", *mobile),
        row("单位名称", word.run("青石镇人民政府")),
    )
    docx = word.package(word.para(word.run(LIAISON.title)), table, word.para(word.run(NOTE)))
    data = converted({"表.docx": docx}, to)["表.docx"]
    assert [values(form) for form in read(worker, data, f"表.{suffix}").forms] == [OFFICER]


@needs_libreoffice
def test_what_is_no_document_is_damaged_and_not_converted_as_plain_text(worker):
    from tests.builders import ole  # noqa: PLC0415

    reading = read(worker, ole.compound({"WordDocument": b"\xec\xa5" + bytes(600)}), "坏.doc")
    assert reading.failure.code in {FailureCode.DAMAGED, FailureCode.EMPTY}


@needs_libreoffice
def test_a_conversion_that_takes_too_long_ends_in_time_and_the_next_one_works(services, worker):
    started = time.monotonic()
    reading = read(worker, SPECIMENS[Engine.OFFICE].data, "慢.rtf", seconds=1.2)
    assert time.monotonic() - started < 8
    assert reading.failure is not None
    assert reading.failure.code in {FailureCode.TIMEOUT, FailureCode.CRASHED}
    assert is_read(read(worker, SPECIMENS[Engine.OFFICE].data, "ready.rtf"))


def seven_zip(files, *options):
    with private_folder() as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        subprocess.run(["7z", "a", *options, "made.7z", *files], cwd=folder, check=True, capture_output=True)
        return (folder / "made.7z").read_bytes()


def test_a_7z_gives_its_members(services, worker):
    if not services.version(Engine.ARCHIVE):
        pytest.skip("no unpacker on this machine")
    reading = read(worker, seven_zip({"联络员反馈表.docx": render("docx", LIAISON.title, ROWS)}), "报送.7z")
    assert [member.name for member in reading.members] == ["报送.7z/联络员反馈表.docx"]
    assert [values(form) for form in reading.members[0].forms] == [OFFICER]


@pytest.mark.parametrize("options", [("-psecret",), ("-psecret", "-mhe=on")])
def test_a_7z_with_a_password_says_so(services, worker, options):
    if not services.version(Engine.ARCHIVE):
        pytest.skip("no unpacker on this machine")
    assert read(worker, seven_zip({"a.txt": b"x" * 99}, *options), "a.7z").failure.code is FailureCode.ENCRYPTED


def test_a_rar_that_ends_with_a_stored_package_gives_the_package_and_not_its_parts(services, worker):
    if not services.version(Engine.ARCHIVE):
        pytest.skip("no unpacker on this machine")
    packed = rar("联络员反馈表.docx", render("docx", LIAISON.title, ROWS))
    (member,) = read(worker, packed, "报送.rar").members
    assert member.name == "报送.rar/联络员反馈表.docx"
    assert [values(form) for form in member.forms] == [OFFICER]


def test_a_broken_archive_is_damaged(services, worker):
    if not services.version(Engine.ARCHIVE):
        pytest.skip("no unpacker on this machine")
    assert read(worker, b"Rar!\x1a\x07\x01\x00" + bytes(300), "a.rar").failure.code is FailureCode.DAMAGED


def test_the_daemon_can_be_stopped_in_the_middle_of_a_conversion(services):
    """`close` must not wait for a program: ten seconds are all that a supervisor gives."""
    code = (
        "import sys, threading, time; sys.path.insert(0, sys.argv[1])\n"
        "from parsers.isolate import Worker\nfrom parsers.services import Services\n"
        "from parsers.specimens import SPECIMENS\nfrom parsers.engines import Engine\n"
        "worker = Worker(handlers='intake.unpack', service=Services())\n"
        "header = {'name': 'a.rtf', 'declared_type': '', 'forms': [], 'area_code': ''}\n"
        "ask = lambda: worker.call('document', header, SPECIMENS[Engine.OFFICE].data, timeout_s=60)\n"
        "thread = threading.Thread(target=ask); thread.start(); time.sleep(1.0)\n"
        "began = time.monotonic(); worker.close(); thread.join(); print(time.monotonic() - began)\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) < 4
