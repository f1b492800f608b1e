"""What the worker does with mail: the handlers that `parsers.worker` serves when it is started with this module.

In: a JSON header and the raw bytes of a mail (or, for ``document``, of a bare file). Out: JSON of `mime.Unpacked` or
`parsers.forms.DocumentReading`, or of `parsers.template.Template` for the office's own form. Runs in the locked-in child
only; the other side is `intake.read` (and `intake.blank_file`, `intake.originals`).

==========  =====================================  ==================
operation   header                                 answer
==========  =====================================  ==================
mail        {}                                     Unpacked
head        {}                                     Unpacked, head only
part        {path, forms, area_code}               DocumentReading
body        {path, forms, area_code}               DocumentReading
document    {name, declared_type, forms, area_code}  DocumentReading
blank       {name, form, forms}                    Template
bytes       {path, start, bytes}                   {data: base64 of that piece of the part, size: of the whole}
outline     {path}                                 Outlines
page        {path, document, number, laid}         {jpeg: base64}
==========  =====================================  ==================

``part``, ``body`` and ``document`` with ``"explain": true`` in the header answer with `parsers.traces.Traces` instead: the same
reading, watched.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from intake.bodies import BodyText, read_bodies
from intake.mime import QUOTED_MARK, part, payload, unpack, unpack_head
from intake.structure import walk
from parsers.codec import from_json, to_json
from parsers.document import LaidPage, Note, NoteCode
from parsers.engines import Engines
from parsers.forms import DocumentReading, FormSpec
from parsers.frames import JsonObject
from parsers.outline import body_outline, outlines, page
from parsers.parse import Watch, parse_blank, parse_document, parse_html, parse_text
from parsers.worker import HANDLERS as BARE_HANDLERS
from parsers.worker import Handler


def _unpack_mail(_header: JsonObject, raw: bytes, _engines: Engines) -> JsonObject:
    return cast("JsonObject", to_json(unpack(raw)))


def _unpack_head(_header: JsonObject, raw: bytes, _engines: Engines) -> JsonObject:
    return cast("JsonObject", to_json(unpack_head(raw)))


def _read_part(header: JsonObject, raw: bytes, engines: Engines) -> JsonObject:
    leaf, data = part(raw, str(header["path"]))
    return _answer(
        header,
        lambda watch: parse_document(
            data,
            name=leaf.name.text,
            declared_type=leaf.type,
            forms=_forms(header),
            area_code=_area_code(header),
            engines=engines,
            watch=watch,
        ),
    )


def _read_bare(header: JsonObject, raw: bytes, engines: Engines) -> JsonObject:
    if not header.get("explain"):
        return BARE_HANDLERS["document"](header, raw, engines)
    return _answer(
        header,
        lambda watch: parse_document(
            raw,
            name=str(header.get("name", "")),
            declared_type=str(header.get("declared_type", "")),
            forms=_forms(header),
            area_code=_area_code(header),
            engines=engines,
            watch=watch,
        ),
    )


def _read_body(header: JsonObject, raw: bytes, _engines: Engines) -> JsonObject:
    path, mark, _ = str(header["path"]).partition(QUOTED_MARK)
    for body in read_bodies(walk(raw)):
        if body.path == path:
            return _answer(header, partial(_read_text, header, body, quoted=bool(mark)))
    raise KeyError(path)


def _read_words(header: JsonObject, raw: bytes, _engines: Engines) -> JsonObject:
    """Read a text that was taken out of a body: UTF-8, clean already."""
    text = raw.decode()
    return _answer(
        header, lambda watch: parse_text(text, forms=_forms(header), area_code=_area_code(header), watch=watch)
    )


def _answer(header: JsonObject, read: Callable[[Watch | None], DocumentReading]) -> JsonObject:
    """Return the reading, or how it came about."""
    if header.get("explain"):
        from parsers.explain import explained  # noqa: PLC0415 - a reading that nobody asks about does without it

        return cast("JsonObject", to_json(explained(read, _forms(header), area_code=_area_code(header))))
    return cast("JsonObject", to_json(read(None)))


def _area_code(header: JsonObject) -> str:
    return str(header.get("area_code", ""))


def _read_text(header: JsonObject, body: BodyText, watch: Watch | None, *, quoted: bool) -> DocumentReading:
    """Read one side of a body: the HTML where there is reason to, else the text."""
    html, text = (body.quoted_html, body.quoted) if quoted else (body.html, body.text)
    parse = parse_html if html else parse_text
    reading = parse(html or text, forms=_forms(header), area_code=_area_code(header), watch=watch)
    if not body.certain:
        reading = replace(reading, notes=(*reading.notes, Note(NoteCode.UNCERTAIN_ENCODING)))
    return reading


def _read_blank(header: JsonObject, data: bytes, engines: Engines) -> JsonObject:
    template = parse_blank(
        data, name=str(header["name"]), form=str(header["form"]), forms=_forms(header), engines=engines
    )
    return cast("JsonObject", to_json(template))


def _read_bytes(header: JsonObject, raw: bytes, _engines: Engines) -> JsonObject:
    data = payload(raw, str(header["path"]))
    start = int(str(header["start"]))
    piece = data[start : start + int(str(header["bytes"]))]
    return {"data": base64.b64encode(piece).decode("ascii"), "size": len(data)}


def _outline(header: JsonObject, raw: bytes, engines: Engines) -> JsonObject:
    path, mark, _ = str(header["path"]).partition(QUOTED_MARK)
    for body in read_bodies(walk(raw)):
        if body.path == path:
            html, text = (body.quoted_html, body.quoted) if mark else (body.html, body.text)
            return cast("JsonObject", to_json(body_outline(html or text, html=bool(html))))
    leaf, data = part(raw, path)
    return cast("JsonObject", to_json(outlines(data, name=leaf.name.text, declared_type=leaf.type, engines=engines)))


def _page(header: JsonObject, raw: bytes, engines: Engines) -> JsonObject:
    leaf, data = part(raw, str(header["path"]))
    laid = header.get("laid")
    picture = page(
        data,
        name=leaf.name.text,
        declared_type=leaf.type,
        document=int(str(header["document"])),
        number=int(str(header["number"])),
        laid=None if laid is None else from_json(LaidPage, laid),
        engines=engines,
    )
    return {"jpeg": base64.b64encode(picture).decode("ascii")}


def _forms(header: JsonObject) -> tuple[FormSpec, ...]:
    forms = header["forms"]
    return tuple(from_json(FormSpec, form) for form in forms) if isinstance(forms, list) else ()


HANDLERS: Mapping[str, Handler] = {
    **BARE_HANDLERS,
    "mail": _unpack_mail,
    "head": _unpack_head,
    "part": _read_part,
    "body": _read_body,
    "words": _read_words,
    "document": _read_bare,
    "blank": _read_blank,
    "bytes": _read_bytes,
    "outline": _outline,
    "page": _page,
}
