"""The same mails on a machine without LibreOffice, unpackers or the OCR extra: told by name, kept, answered neutrally."""

import json
from pathlib import Path

import pytest

from intake.pipeline import examine_document, examine_mail
from parsers import services
from parsers.document import FailureCode, ReadFailure
from parsers.engines import NO_ENGINES, Engine
from parsers.isolate import Worker
from parsers.readers import pdf
from parsers.specimens import SPECIMENS
from scheduler.desk.cli import main
from tests.builders import office

TOWN = "青石镇人民政府"
RTF = b"{\\rtf1\\ansi ready\\par}"


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """An empty PATH and no OCR extra; what installers put elsewhere is not here either."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(services, "OCR_LIBRARIES", ("rapidocr_is_not_installed", "onnxruntime"))
    return services.Services()


def examined(services_here, data, name):
    settings = office.settings(Path("unused"), imap_port=1, smtp_port=1)
    with Worker(handlers="intake.unpack", service=services_here) as worker:
        raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=data, number=1)
        raw = raw.replace(b"=2Edocx", b".docx").replace(b".docx", name.encode())
        mail = examine_mail(raw, worker=worker, settings=settings, roster=office.roster())
        file = examine_document(data, f"表{name}", worker=worker, settings=settings, roster=office.roster())
    return mail, file


def test_only_what_pip_brings_is_present(bare):
    assert bare.present() == {Engine.PDF}
    assert [bare.version(engine) == "" for engine in Engine] == [engine is not Engine.PDF for engine in Engine]


@pytest.mark.parametrize(
    ("data", "name", "engine", "package"),
    [
        (RTF, ".rtf", Engine.OFFICE, "libreoffice-writer-nogui"),
        (SPECIMENS[Engine.ARCHIVE].data, ".7z", Engine.ARCHIVE, "libarchive-tools"),
        (SPECIMENS[Engine.OCR].data + bytes(20_000), ".png", Engine.OCR, "requirements-ocr.txt"),
    ],
)
def test_the_clerk_is_told_which_package_helps_and_the_unit_that_it_did_nothing_wrong(
    bare, data, name, engine, package
):
    for one in examined(bare, data, name):
        assert one.assessment.disposition == "review"
        assert {document.document.missing_engines() for document in one.reading.documents} - {frozenset()} == {
            frozenset({engine})
        }
        told = "".join(one.assessment.reasons)
        assert package in told
        assert "不是对方的问题" in told


def test_the_same_rtf_is_read_where_libreoffice_is():
    here = services.Services()
    if Engine.OFFICE not in here.present():
        pytest.skip("needs LibreOffice")
    mail, _ = examined(here, RTF, ".rtf")
    assert mail.reading.documents[-1].document.missing_engines() == frozenset()
    assert not any("libreoffice" in reason for reason in mail.assessment.reasons)


def test_a_pdf_waits_for_its_libraries(monkeypatch):
    import builtins  # noqa: PLC0415

    real = builtins.__import__

    def blocked(name, *rest, **options):
        if name.partition(".")[0] in {"pdfplumber", "pypdfium2", "pdfminer"}:
            raise ModuleNotFoundError(name)
        return real(name, *rest, **options)

    for module in [name for name in __import__("sys").modules if name.startswith("parsers.readers.pdf")]:
        if module != "parsers.readers.pdf":
            monkeypatch.delitem(__import__("sys").modules, module)
    monkeypatch.setattr(builtins, "__import__", blocked)
    with pytest.raises(ReadFailure) as refused:
        pdf.read(SPECIMENS[Engine.PDF].data, office_budget(), NO_ENGINES)
    assert (refused.value.failure.code, refused.value.failure.detail) == (FailureCode.NEEDS_ENGINE, "pdf")


def office_budget():
    from parsers.document import DEFAULT_BUDGET  # noqa: PLC0415

    return DEFAULT_BUDGET


def test_check_names_every_engine_and_how_to_get_it(bare, monkeypatch, capsys, tmp_path):
    from scheduler.desk import check  # noqa: PLC0415
    from tests.builders.site import site  # noqa: PLC0415

    monkeypatch.setattr(check, "Services", lambda: bare)
    assert main(["check", "--offline", "--config", str(site(tmp_path, imap_port=1, smtp_port=1))]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    for words in ("LibreOffice", "libreoffice-writer-nogui", "unar", "requirements-ocr.txt", "未安装", "试读正常"):
        assert words in said, words


def test_inspect_prints_the_contract_for_a_file_that_lacks_an_engine(bare, monkeypatch, capsys, tmp_path):
    from scheduler.desk import inspect  # noqa: PLC0415

    monkeypatch.setattr(inspect, "Services", lambda: bare)
    path = tmp_path / "联络员反馈表.rtf"
    path.write_bytes(RTF)
    assert main(["inspect", "--json", str(path)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["disposition"] == "review"
    assert {problem["code"] for one in found["submissions"] for problem in one["problems"]} <= {"unreadable"}
