"""Files that are small and grow: each ends in a named failure or a document, within the worker's memory and time."""

import functools
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.builders import pdf as make

pytestmark = pytest.mark.long  # a minute in all

ROOT = Path(__file__).parents[4]
CPU_S, MEMORY_BYTES = 20, 2**30
GOOD = make.table([["姓名", "张三"]])
CATALOG = {1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< /Type /Pages /Count 1 /Kids [3 0 R] >>"}
PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"

READ = """
import sys
from parsers.document import DEFAULT_BUDGET, ReadFailure
from parsers.engines import Box, ScannedLine, ScannedPage
from parsers.readers import pdf

class Eyes:
    def look(self, picture):
        return ScannedPage(9, 9, 0, (), (ScannedLine(Box(0, 0, 1, 1), "x", "x", 1.0),), "eyes")

try:
    found = pdf.read(sys.stdin.buffer.read(), DEFAULT_BUDGET, Eyes())
    print("document", len(found.blocks), *(note.code for note in found.notes))
except ReadFailure as failure:
    print(failure.failure.code, failure.failure.detail)
"""


def outcome(data: bytes) -> str:
    """Read in a child with the worker's limits; return what it says."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))

    done = subprocess.run(
        [sys.executable, "-c", READ], input=data, capture_output=True, cwd=ROOT, preexec_fn=limit, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
    return done.stdout.decode().strip()


@functools.cache
def gigabyte() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(b" " * 2**20) for _ in range(1024)), packer.flush()])


def packed_page(filters: str, data: bytes) -> bytes:
    return make.written({**CATALOG, 3: PAGE, 4: make.stream(data, f"/Filter {filters}")})


def test_a_stream_of_a_gigabyte_is_refused_once_and_twice_packed():
    bomb = gigabyte()
    assert outcome(packed_page("/FlateDecode", bomb)).startswith("too_large")
    assert outcome(packed_page("[/FlateDecode /FlateDecode]", zlib.compress(bomb))).startswith("too_large")
    assert (
        outcome(
            make.written({**CATALOG, 3: PAGE, 4: make.stream(bomb, "/Type /ObjStm /N 1 /First 9 /Filter /FlateDecode")})
        )
        != ""
    )


@pytest.mark.parametrize(
    "content",
    [
        "0 0 m 1 1 l S " * 300_000,
        "1 " * 3_000_000,
        "q " * 1_000_000,
        "[" * 2_000_000,
        "(" * 1_000_000,
        make.latin(9, 9, "x" * 1000) * 100,
    ],
    ids=["lines", "numbers", "states", "arrays", "strings", "letters"],
)
def test_a_page_too_busy_to_be_read_is_looked_at_instead(content):
    assert outcome(make.file(make.Page(content, packed=True))) == "document 1 ocr"


def test_a_dense_grid_is_read_and_a_page_of_hatching_is_looked_at():
    grid = "".join(
        make.line(50, 50 + n * 11, 545, 50 + n * 11) + make.line(50 + n * 8, 50, 50 + n * 8, 732) for n in range(62)
    )
    assert outcome(make.file(grid + make.text(52, 58, "张"))) == "document 1"
    hatching = "".join(make.line(n % 500, n / 20, n % 500 + 50, n / 20) for n in range(15_000))
    assert outcome(make.file(hatching)) == "document 1 ocr"


def test_drawings_that_draw_ten_others_are_refused():
    forms = {
        900 + n: make.stream(
            b"/N Do " * 10,
            f"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /N {901 + n} 0 R >> >>",
        )
        for n in range(9)
    }
    data = make.file(
        "/N Do", objects={**forms, 909: make.stream(b"0 0 m 1 1 l S", "/Type /XObject /Subtype /Form /BBox [0 0 1 1]")}
    )
    data = data.replace(b"/XObject <<  >> /ExtG", b"/XObject << /N 900 0 R >> /ExtG")
    assert outcome(data) == "too_large drawings within drawings"


def test_fonts_with_endless_tables_are_refused():
    wide = make.file(make.text(9, 9, "张")).replace(b"[1 95 500 814 939 500]", b"[0 2000000000 500]    ")
    assert outcome(wide) == "too_large width table of a font"
    ranges = b"begincmap 1 beginbfrange <00000000> <FFFFFFFF> <00000000> endbfrange endcmap"
    assert (
        outcome(make.file(make.inked(9, 9, "张"), objects={15: make.stream(ranges)}))
        == "too_large character map of a font"
    )


@pytest.mark.parametrize("count", [50_000, 100_000])
def test_page_trees_without_end_or_floor_end(count):
    kids = " ".join(["3 0 R"] * count)
    many = {
        1: CATALOG[1],
        2: f"<< /Type /Pages /Count {count} /Kids [{kids}] >>",
        3: PAGE,
        4: make.stream(GOOD.encode("latin-1")),
    }
    assert outcome(make.written(many)).startswith("damaged")
    real = {
        1: CATALOG[1],
        2: f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{n} 0 R' for n in range(5, count + 5))}] >>",
    }
    real.update(dict.fromkeys(range(5, count + 5), PAGE.replace("/Contents 4 0 R", "")))
    assert outcome(make.written(real)) in {"empty no text and no picture", "too_large objects"}


def test_page_trees_that_bite_their_tail_or_go_down_for_ever_end():
    loop = {1: CATALOG[1], 2: CATALOG[2], 3: "<< /Type /Pages /Count 1 /Kids [2 0 R 3 0 R] >>"}
    assert outcome(make.written(loop)).startswith("damaged")
    deep = {n: f"<< /Type /Pages /Count 1 /Kids [{n + 1} 0 R] >>" for n in range(2, 20_000)}
    assert outcome(make.written({1: CATALOG[1], **deep, 20_000: PAGE})).startswith(("too_large", "damaged"))


def test_a_million_objects_are_refused():
    objects = b"".join(b"%d 0 obj<<>>\n" % number for number in range(3, 10**6))
    assert outcome(b"%PDF-1.4\n" + objects + b"trailer<</Root 1 0 R>>\n%%EOF") == "too_large objects"


@pytest.mark.parametrize(
    "box", ["0 0 14400 14400", "0 0 1000000000 1000000000", "0 0 1000000000 1", "0 0 0 0", "-5 -5 -5 1e300"]
)
@pytest.mark.parametrize("write", [make.text, make.inked], ids=["text", "ink"])
def test_pages_of_any_size_end(box, write):
    said = outcome(make.file(make.Page(make.table([["姓名", "张三"]], write=write), box=box)))
    assert said.split()[0] in {"document", "too_large", "damaged", "empty"}


def test_a_picture_of_ten_gigapixels_does_not_end_the_worker():
    image = make.stream(
        zlib.compress(bytes(10**6)),
        "/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode",
    )
    assert outcome(make.file(make.Page(make.image("I", 0, 0, 595, 842), images={"I": image}))) == "document 1 ocr"


def test_objects_nested_without_end_are_passed_over():
    deep = "<< /A " * 20_000 + "1" + " >>" * 20_000
    data = make.file(GOOD, catalog="/Names 900 0 R /AcroForm 900 0 R", objects={900: deep})
    assert outcome(data).split()[0] in {"document", "too_large", "damaged"}
    loop = make.Page(GOOD, annotations=["<< /Type /Annot /Subtype /Widget /Rect [1 1 50 50] /Parent 900 0 R >>"])
    assert (
        outcome(make.file(loop, objects={900: "<< /Parent 901 0 R >>", 901: "<< /Parent 900 0 R >>"})) == "document 1"
    )
