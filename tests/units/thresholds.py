"""The thresholds of name matching, and how to try others. See the comments beside each in `intake`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from intake import roster, roster_names


@dataclass(frozen=True, slots=True)
class Threshold:
    module: ModuleType
    constant: str
    values: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.module.__name__}.{self.constant}"

    @property
    def chosen(self) -> float:
        value = getattr(self.module, self.constant)
        assert isinstance(value, int | float)
        return value


THRESHOLDS = (
    Threshold(roster, "_WHOLE", (0.7, 0.8, 0.9, 0.98, 1.0)),
    Threshold(roster, "_ABBREVIATION", (2, 3, 4, 5)),
    Threshold(roster, "_LONG", (4, 6, 8, 10, 99)),
    Threshold(roster, "_FEW", (3, 5, 8)),
    Threshold(roster_names, "_SHARE", (1 / 10, 1 / 5, 1 / 3, 1 / 2)),
)


@contextmanager
def with_value(threshold: Threshold, value: float) -> Iterator[None]:
    chosen = threshold.chosen
    setattr(threshold.module, threshold.constant, value)
    try:
        yield
    finally:
        setattr(threshold.module, threshold.constant, chosen)
