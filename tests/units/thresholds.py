"""The thresholds of name matching, and how to try others. See the comments beside each in `intake`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType


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


THRESHOLDS: tuple[Threshold, ...] = ()


@contextmanager
def with_value(threshold: Threshold, value: float) -> Iterator[None]:
    chosen = threshold.chosen
    setattr(threshold.module, threshold.constant, value)
    try:
        yield
    finally:
        setattr(threshold.module, threshold.constant, chosen)
