"""Handlers for a worker that unpack mail in earnest but stop on the documents that a test names."""

# ruff: noqa: PLC0415

import os
import time

from intake.unpack import HANDLERS as REAL

UNSHAPED = {"name": 1}


def _stop(words):
    if b"KILL" in words:
        os.abort()
    if b"HANG" in words:
        time.sleep(60)
    if b"FAIL" in words:
        raise ValueError("no")


def _part(header, raw, engines):
    from intake.mime import payload

    data = payload(raw, header["path"])
    _stop(data)
    return UNSHAPED if b"UNSHAPED" in data else REAL["part"](header, raw, engines)


def _mail(header, raw, engines):
    if b"X-Unpackable: no" in raw:
        os.abort()
    return REAL["mail"](header, raw, engines)


def _head(header, raw, engines):
    if b"X-Head: no" in raw:
        os.abort()
    return REAL["head"](header, raw, engines)


def _document(header, raw, engines):
    _stop(raw)
    return REAL["document"](header, raw, engines)


HANDLERS = {**REAL, "part": _part, "mail": _mail, "head": _head, "document": _document}
