"""Part names written with the separator of Windows are the part names they stand for."""

import zipfile
from io import BytesIO

import pytest

from parsers.document import DEFAULT_BUDGET, FailureCode, ReadFailure
from parsers.readers import excel, word
from parsers.sniff import Kind, sniff
from tests.builders.rendering import render
from tests.builders.word import zipped

ROWS = [("姓名", "林一二"), ("手机", "13900001234")]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def backslashed(data: bytes) -> bytes:
    """The package with backslashes in its directory. The zip library writes none, hence by bytes; lengths stay."""
    for name in parts(data):
        data = data.replace(name.encode(), name.replace("/", "\\").encode())
    return data


@pytest.mark.parametrize(("container", "kind", "reader"), [("docx", Kind.DOCX, word), ("xlsx", Kind.XLSX, excel)])
def test_a_package_with_backslashes_is_read_as_the_same_with_slashes(container, kind, reader) -> None:
    data = zipped(parts(render(container, "反馈表", ROWS)))
    odd = backslashed(data)
    with zipfile.ZipFile(BytesIO(odd)) as archive:
        assert not any("/" in info.orig_filename for info in archive.infolist())
    assert sniff(odd) is kind
    assert reader.read(odd, DEFAULT_BUDGET) == reader.read(data, DEFAULT_BUDGET)


def test_two_parts_that_become_one_are_refused() -> None:
    own = parts(render("docx", "反馈表", ROWS))
    data = zipped({**own, "word:document.xml": own["word/document.xml"]}).replace(b"word:document", b"word\\document")
    with pytest.raises(ReadFailure) as caught:
        word.read(data, DEFAULT_BUDGET)
    assert caught.value.failure.code is FailureCode.REFUSED
