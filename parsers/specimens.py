"""A tiny document for each engine: `intake check` sends it the way of a real one and looks for the word that stands in it.

Made for this purpose: a picture of the words READY 2025, a PDF and an .rtf that say ready, a .7z with a text that does.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parsers.engines import Engine
from parsers.forms import DocumentReading

_WORD = "ready"
_PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAaQAAAB4AQAAAACVvLt4AAACnElEQVR42u2YMW7bMBSGP0pCzaGANWaLjpAT1DpKjtCxQ5HSmTr2"
    "SArQA+QIzNaRLjrQgKzXQaQs0krSFN0qLgIlf4+P//8eJVgJbx+Hgr8ZK7VSK7VSK7VSK7VS/4o6FcChgac6fSAiYtmKGNiJvxaB"
    "nexF3E7EshMxpQhKBLYyDhfW+hlieAfwnR24FhoewQwcEbOQYfo1daIxWIOARxA8dEv7SkLRhqvqe4ZNZ9hae0lJ11GKdDgPGzG2"
    "7ngA3pXQX9103FzBRly21k0S6pPTlnvgijtoNHSVW8hQh6ntASqPE4BbWjzYMnMozGIoZQDKvoIKMAi0FRX4BSoz+67wgwYFDQ6c"
    "RiXPq/TnQd9W9f10z1x+5GZU8WGyr35zHTbc+ebPqSmbnYtOP71OVfkKFlAeBE7VM5SE0qpNczvW2KSdpj/l1BD2rqMG9UMiKsO8"
    "PCPVw0kp88IO6pDu/K6fIobgukh7oYety6v3MahQx4Ksxq1LVMA3fHzvU5cVX2LEpPgZYhTXzmukmrqyFDg2cV7oGGbmQJ9lWD5T"
    "BD5q2pl5wxfxpIiiJN2Hi67vJ/lnJ4AJYdqsVmywSIolv26D4PuM6kK0oVpyMaTvgnPOzBMDer1EabsohhQgiD6rkp4bk759YlcF"
    "TaJKWmejdErGk9nmidmW108btWjX5Vo+9sUw7w/XAGaIqnQZpaZZC3A/S6yGerTrnFFx7oSxZIRZr2d2meV3SpBsEmEP6K5veg3D"
    "uW0maphv9ms9ryPr8TWIGS7UaDkptQMwR2WiOyelqH48tjwpzbdfOu8via+WOhELKI6tHAAO9XW+VuJ9mXqnyH80iWk4e/U5PY8n"
    "2bvky+Hl4a7Hq91Md9T6X8pKrdRKrdRKrdR/Sf0GbkUqoB154MEAAAAASUVORK5CYII="
)
_ARCHIVE = (
    "N3q8ryccAAQumUbICQAAAAAAAABaAAAAAAAAABU2jXUBAARyZWFkeQABBAYAAQkJAAcLAQABISEBAAwFAAgKAa+FlSgAAAUBGQwA"
    "AAAAAAAAAAAAAAARFQByAGUAYQBkAHkALgB0AHgAdAAAABQKAQA1MSRE1X3dARUGAQAggKSBAAA="
)
_PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 5 0 R/Resources<</Font<</F 4 0 R>>>>>>endobj\n"
    b"4 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    b"5 0 obj<</Length 69>>stream\nBT /F 18 Tf 20 60 Td (ready) Tj 0 -25 Td (nothing is missing here) Tj ET\nendstream endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
_LETTER = b"{\\rtf1\\ansi\\ansicpg936\\pard ready\\par}"


@dataclass(frozen=True, slots=True)
class Specimen:
    """A document and the name it would have come under."""

    name: str
    data: bytes


SPECIMENS: Mapping[Engine, Specimen] = {
    Engine.OFFICE: Specimen("ready.rtf", _LETTER),
    Engine.ARCHIVE: Specimen("ready.7z", base64.b64decode(_ARCHIVE)),
    Engine.PDF: Specimen("ready.pdf", _PAGE),
    Engine.OCR: Specimen("ready.png", base64.b64decode(_PICTURE)),
}


def is_read(reading: DocumentReading) -> bool:
    """Given the reading of a specimen, return whether its word was found."""
    return any(_WORD in line.lower() for line in _lines(reading))


def _lines(reading: DocumentReading) -> Iterator[str]:
    yield from reading.head
    for member in reading.members:
        yield from _lines(member)
