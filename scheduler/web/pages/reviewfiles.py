"""What the page of one item of 待核实 takes along: the mail as a file, pictures of its pages and of its cells.

In: requests. Out: JPEGs that the locked worker made, and the mail as a download. A page that was scanned is drawn as it lay
when it was read, so that the boxes that `original` puts over it fit. Must not: hand out what came by mail to be shown.
"""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from intake.cases import look
from intake.db import queries
from intake.model import Sha256
from intake.outlines import jpeg_in
from parsers.document import LaidPage
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.originals import drawn
from scheduler.web.pages.original import leaves, reading_of

pages = Blueprint("reviewfiles", __name__)


@pages.get("/review/<int:number>/original")
@page
def original(number: int) -> ResponseReturnValue:
    """Hand out the mail as it came, to be kept as a file: never shown by the browser."""
    bench = desk().app.bench
    with bench.reading() as record:
        sha256 = look(record, bench, number).sha256
    answer = Response(bench.archive.read(Sha256(sha256)), mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="mail-{number}.eml"'
    return answer


@pages.get("/review/<int:number>/cells/<int(max=9999):ordinal>/<key>.jpg")
@page
def cell(number: int, ordinal: int, key: str) -> ResponseReturnValue:
    """Show the cell of a scan that a value was read from."""
    bench = desk().app.bench
    with bench.reading() as record:
        case = look(record, bench, number)
    for item in case.items:
        for one in item.read.fields if item.read.ordinal == ordinal else ():
            if one.key == key:
                return _jpeg(jpeg_in(one.picture))
    return _jpeg(None)


@pages.get("/review/<int:number>/pages/<int(max=9999):part>/<int(max=99):document>/<int(max=99):place>.jpg")
@page
def picture(number: int, part: int, document: int, place: int) -> ResponseReturnValue:
    """Show a page of a document, as the locked worker drew it."""
    bench = desk().app.bench
    with bench.reading() as record:
        sha256 = look(record, bench, number).sha256
        rows = queries.parts_of(record, number)
    if part >= len(rows):
        abort(404)
    laid = _laid(rows[part].reading, document, place)
    return _jpeg(drawn(bench, sha256, rows[part].path, document, place, laid))


def _laid(reading: object, document: int, place: int) -> LaidPage | None:
    """Given the reading of a part, return how the page of that zero-based place in its document lay; None if nobody knows."""
    found = [*leaves(reading_of(reading))]
    known = found[document].laid if document < len(found) else ()
    return next((one for one in known if one.number == place + 1), None)


def _jpeg(data: bytes | None) -> ResponseReturnValue:
    if data is None:
        abort(404)
    return Response(data, mimetype="image/jpeg")
