"""The same filled forms in every container that units send, each by a real producer where one is at hand.

`CONTAINERS` names them; `produce` makes all files of one container at once, because one call of LibreOffice converts many.
Text containers without a producer here are built in code (`tests/builders/rendering.py`).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache

from parsers.forms import FormSpec
from tests.builders import excel, oldexcel, packed, rendering, word
from tests.builders.forms import LIAISON, NOTE, REGISTRATION, person
from tests.builders.layouts import LAYOUTS, arrange
from tests.builders.libreoffice import converted

try:
    from tests.builders import scans
except ImportError:  # the OCR extra is not installed: nothing to draw scans with, and nothing that would read them
    scans = None  # type: ignore[assignment]

Files = dict[str, bytes]
_ROW_HEIGHTS = (24, 18, 0, 36)  # points; 0: as low as the text allows, which offices rarely do


@dataclass(frozen=True)
class Filled:
    """One form as one invented sender fills it: what is written, and label with value in the form's order."""

    name: str
    form: FormSpec
    written: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    layout: str


def filled_forms(count: int, *, layouts: Sequence[str] = LAYOUTS, seed: str = "") -> tuple[Filled, ...]:
    """Return `count` filled forms of both kinds in all layouts, some labels by an alias, some optional values blank."""
    made = []
    for number in range(count):
        form = (LIAISON, REGISTRATION)[number % 2]
        draw = random.Random(f"{seed}{form.id} {number}")
        written = person(draw, form)
        for spec in form.fields:
            if not spec.required and spec.required_when is None and draw.random() < 0.3:
                written[spec.key] = draw.choice(("", "无", "/"))
        labels = {
            spec.key: draw.choice((spec.label, *spec.aliases)) if draw.random() < 0.3 else spec.label
            for spec in form.fields
        }
        rows = tuple((labels[spec.key], written[spec.key]) for spec in form.fields)
        made.append(Filled(f"{number:03}", form, tuple(written.items()), rows, layouts[number // 2 % len(layouts)]))
    return tuple(made)


def _in_code(container: str) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        return {
            one.name + rendering.suffix(container): rendering.render(
                container, one.form.title, one.rows, one.layout, below=(NOTE,)
            )
            for one in forms
        }

    return make


def _written(form: Callable[..., bytes], suffix: str) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        return {one.name + suffix: form(one.form.title, arrange(one.layout, one.rows), (), (NOTE,)) for one in forms}

    return make


def _printed(form: Callable[..., bytes]) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        made = converted({f"{name[:3]}.xlsx": data for name, data in _written(form, ".xlsx")(forms).items()}, "pdf")
        return {f"{name[:3]}.pdf": data for name, data in made.items()}

    return make


def _by_libreoffice(source: str, to: str, suffix: str) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        made = converted(_in_code(source)(forms), to)
        return {f"{name[:3]}{suffix}": data for name, data in made.items()}

    return make


@cache
def _pages(forms: tuple[Filled, ...]) -> Mapping[str, bytes]:
    """Every form printed on a page, in the fonts that offices use, as PNG."""
    files = {}
    for number, one in enumerate(forms):
        font = scans.FONTS[number % len(scans.FONTS)]
        high = _ROW_HEIGHTS[number // len(scans.FONTS) % len(_ROW_HEIGHTS)]
        files[f"{one.name}.docx"] = scans.form_docx(one.form.title, one.rows, one.layout, font=font, high=high)
    return scans.printed(files)


def _scanned(manner: str) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        return {name[:3]: scans.scan(page, manner, seed) for seed, (name, page) in enumerate(_pages(forms).items())}

    return make


def _pasted(forms: tuple[Filled, ...]) -> Files:
    """The photo of the form pasted into an empty Word file."""
    photos = _scanned("scan")(forms)
    return {
        f"{name}.docx": word.package(
            word.para(word.picture()),
            parts={"word/media/image1.jpeg": photo},
            links=[("rId9", "image", "media/image1.jpeg")],
        )
        for name, photo in photos.items()
    }


def _within(pack: Callable[[str, bytes], bytes], suffix: str) -> Callable[[tuple[Filled, ...]], Files]:
    def make(forms: tuple[Filled, ...]) -> Files:
        return {name[:3] + suffix: pack(f"反馈表{name}", data) for name, data in _in_code("docx")(forms).items()}

    return make


def _mht(forms: tuple[Filled, ...]) -> Files:
    pages = _in_code("html")(forms)
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Location: a.htm\r\n\r\n"
    return {name[:3] + ".doc": head.encode() + data + b"\r\n--b--\r\n" for name, data in pages.items()}


def _eml(name: str, data: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = (
        "a@example.com",
        "b@example.com",
        "表",
        "Wed, 28 May 2025 09:00:00 +0800",
    )
    mail.set_content("请查收")
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


TEXT: Mapping[str, Callable[[tuple[Filled, ...]], Files]] = {
    **{name: _in_code(name) for name in rendering.CONTAINERS},
    "doc (LibreOffice)": _by_libreoffice("docx", "doc:MS Word 97", ".doc"),
    "wps (Word 97)": _by_libreoffice("docx_wps", "doc:MS Word 97", ".wps"),
    "rtf": _by_libreoffice("docx", "rtf:Rich Text Format", ".rtf"),
    "odt": _by_libreoffice("docx", "odt:writer8", ".odt"),
    "Word 2003 XML": _by_libreoffice("docx", "xml:MS Word 2003 XML", ".doc"),
    "xls (LibreOffice)": _by_libreoffice("xlsx", "xls:MS Excel 97", ".xls"),
    "ods": _by_libreoffice("xlsx", "ods:calc8", ".ods"),
    "xls (xlwt)": _written(oldexcel.xls_form, ".xls"),
    "Excel 2003 XML": _written(excel.spreadsheet_2003, ".xls"),
    "mht": _mht,
    "zip": _within(lambda name, data: word.zipped({name: data}), ".zip"),
    "tgz": _within(lambda name, data: packed.gz(packed.tar([(name, data)])), ".tgz"),
    "eml": _within(_eml, ".eml"),
    "winmail.dat": _within(lambda name, data: packed.tnef(packed.tnef_file(b"x.docx", data, name)), ".dat"),
    "msg": _within(lambda name, data: packed.msg(packed.attached(name, data)), ".msg"),
}
PRINTED: Mapping[str, Callable[[tuple[Filled, ...]], Files]] = {
    "pdf (Writer)": _by_libreoffice("docx", "pdf", ".pdf"),
    "pdf (Calc)": _printed(excel.printable_form),
}
SCANNED: Mapping[str, Callable[[tuple[Filled, ...]], Files]] = (
    {
        **{f"scan: {manner}": _scanned(manner) for manner in scans.MANNERS},
        "photo in docx": _pasted,
    }
    if scans is not None
    else {}
)
CONTAINERS = {**TEXT, **PRINTED, **SCANNED}
