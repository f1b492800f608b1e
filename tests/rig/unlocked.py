"""The worker's handlers without the lock: what part "sandbox" measures the locked worker against. Never used elsewhere."""

import sys

from intake import unpack
from parsers.confine import Layer
from tests.builders import unruly

HANDLERS = {**unruly.HANDLERS, **unpack.HANDLERS}


def _no_lock(_bounds: object, _readable: object) -> tuple[Layer, ...]:
    return ()


sys.modules["parsers.worker"].confine = _no_lock  # type: ignore[attr-defined]
