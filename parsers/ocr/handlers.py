"""What the OCR worker answers (`worker`, handlers="parsers.ocr.handlers"): one operation, ``look``.

In: a picture file. Out: ``{"page": ScannedPage}`` or ``{"failure": Failure}``. Importing this module loads the models and runs
them once, so that nothing has to be read or imported after the worker is locked in.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from parsers.codec import to_json
from parsers.document import DEFAULT_BUDGET, Failure, FailureCode, ReadFailure
from parsers.engines import Engines
from parsers.frames import JsonObject
from parsers.ocr.engine import Engine
from parsers.ocr.looks import look
from parsers.ocr.opening import open_picture

_ENGINE = Engine()


def _look(header: JsonObject, payload: bytes, _engines: Engines) -> JsonObject:
    """Handler of ``look``: header {frame: which page of the file, from 0} + a picture file → page or failure."""
    frame = header.get("frame")
    try:
        picture, frames = open_picture(payload, DEFAULT_BUDGET.pixels, frame if isinstance(frame, int) else 0)
        page = replace(look(picture, _ENGINE), frames=frames)
    except ReadFailure as failure:
        return {"failure": to_json(failure.failure)}
    except MemoryError:
        return {"failure": to_json(Failure(FailureCode.TOO_LARGE, "no memory left for a picture"))}
    return cast("JsonObject", {"page": to_json(page)})


HANDLERS: Mapping[str, Callable[[JsonObject, bytes, Engines], JsonObject]] = {"look": _look}

look(np.full((480, 640, 3), 255, np.uint8), _ENGINE)
