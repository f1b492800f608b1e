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


def _part(header, raw):
    from intake.mime import payload

    data = payload(raw, header["path"])
    _stop(data)
    return UNSHAPED if b"UNSHAPED" in data else REAL["part"](header, raw)


def _mail(header, raw):
    if b"X-Unpackable: no" in raw:
        os.abort()
    return REAL["mail"](header, raw)


def _head(header, raw):
    if b"X-Head: no" in raw:
        os.abort()
    return REAL["head"](header, raw)


def _document(header, raw):
    _stop(raw)
    return REAL["document"](header, raw)


HANDLERS = {**REAL, "part": _part, "mail": _mail, "head": _head, "document": _document}
