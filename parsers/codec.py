"""Frozen values ↔ JSON: between the worker and its parent, and in the JSON columns of the record.

In: any frozen dataclass made of str, int, float, bool, None, StrEnum, tuple, frozenset, dict with text keys, date, time,
datetime and other such dataclasses. Out: plain JSON values, and back, typed from the annotations. Strict: a wrong shape
raises `CodecError` (which names the place, never the value); an unknown key too. A missing key takes the field's default, so
that rows written before a field existed can still be read. Must not: pickle, import by name from the data, coerce.
"""

import math
import types
from collections.abc import Callable, Hashable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum, StrEnum
from functools import cache
from typing import Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
T = TypeVar("T")
_Decode = Callable[[object], Any]


class CodecError(ValueError):
    """The data have not the shape of the type. `path` leads to the place: ``forms[0].fields[2].value``."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path

    def within(self, step: str) -> "CodecError":
        """Return the same error as seen from one level up."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return CodecError(self.message, f"{step}{joint}{self.path}")


def to_json(value: object) -> JsonValue:
    """Given a value, return it as JSON. Raise CodecError if it has a part that JSON can't hold."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return cast("JsonValue", value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    names = _names_of(cast("Hashable", kind))
    if names is not None:
        return {name: to_json(getattr(value, name)) for name in names}
    return _rare_to_json(value)


def from_json(type_: type[T], data: object) -> T:
    """Given a type and JSON data, return the value. Raise CodecError if the data have another shape."""
    try:
        return cast("T", _decoder(cast("Hashable", type_))(data))
    except RecursionError as error:
        raise CodecError("nested too deep") from error


def _rare_to_json(value: object) -> JsonValue:
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise CodecError("a number that JSON has not")
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise CodecError("a naive datetime")
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise CodecError("a key that is no text")
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return [to_json(item) for item in sorted(value)]
    raise CodecError(f"no JSON for {type(value).__name__}")


@cache
def _names_of(type_: Hashable) -> tuple[str, ...] | None:
    """Return the field names of a dataclass, None for any other type."""
    return tuple(field.name for field in fields(cast("Any", type_))) if is_dataclass(type_) else None


@cache
def _decoder(type_: Any) -> _Decode:
    """Given a type, return the function that makes its values from JSON; made once a type."""
    if isinstance(type_, NewType):
        return _decoder(type_.__supertype__)
    origin = get_origin(type_)
    if origin is Union or origin is types.UnionType:
        return _union(get_args(type_))
    if origin is tuple:
        return _tuple(get_args(type_))
    if origin in {frozenset, list}:
        return _collection(origin, _decoder(get_args(type_)[0]))
    if origin is dict:
        return _mapping(get_args(type_))
    if type_ is Any or type_ is object:
        return _any
    if isinstance(type_, type):
        return _plain(type_)
    raise CodecError(f"no codec for {type_!r}")


def _plain(type_: type) -> _Decode:
    if type_ in _SCALARS:
        return _SCALARS[type_]
    if is_dataclass(type_):
        return _DataclassDecoder(type_)
    if issubclass(type_, Enum):
        return _enumeration(type_)
    if type_ is dict:
        return _mapping((str, object))
    raise CodecError(f"no codec for {type_.__name__}")


class _DataclassDecoder:
    """Makes values of one dataclass. Its fields are looked up at the first call: types may contain themselves."""

    def __init__(self, type_: type) -> None:
        self._type = type_
        self._fields: dict[str, tuple[_Decode, bool]] | None = None

    def __call__(self, data: object) -> Any:
        if not isinstance(data, dict):
            raise CodecError(f"{self._type.__name__} wanted, not {type(data).__name__}")
        known = self._fields or self._look_up()
        values: dict[str, Any] = {}
        for name, item in data.items():
            field = known.get(name)
            if field is None:
                raise CodecError(f"{self._type.__name__} has no such key", str(name)[:60])
            try:
                values[name] = field[0](item)
            except CodecError as error:
                raise error.within(name) from None
        for name, (_, required) in known.items():
            if required and name not in values:
                raise CodecError(f"{self._type.__name__} lacks it", name)
        return self._type(**values)

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields: by them a union of dataclasses is told apart."""
        return frozenset(_names_of(self._type) or ())

    def _look_up(self) -> dict[str, tuple[_Decode, bool]]:
        hints = get_type_hints(self._type)
        self._fields = {
            field.name: (_decoder(hints[field.name]), field.default is MISSING and field.default_factory is MISSING)
            for field in fields(self._type)
        }
        return self._fields


def _union(members: tuple[Any, ...]) -> _Decode:
    decoders = tuple(_decoder(member) for member in members)
    classes = tuple(decoder for decoder in decoders if isinstance(decoder, _DataclassDecoder))

    def decode(data: object) -> Any:
        candidates = decoders
        if len(classes) > 1 and isinstance(data, dict):
            candidates = tuple(sorted(classes, key=lambda decoder: len(decoder.names.symmetric_difference(data)))[:1])
        deepest: CodecError | None = None
        for decoder in candidates:
            try:
                return decoder(data)
            except CodecError as error:
                if deepest is None or len(error.path) > len(deepest.path):
                    deepest = error
        raise deepest or CodecError("no member of the union")

    return decode


def _tuple(members: tuple[Any, ...]) -> _Decode:
    if len(members) == 2 and members[1] is Ellipsis:
        return _collection(tuple, _decoder(members[0]))
    decoders = tuple(_decoder(member) for member in members)

    def decode(data: object) -> Any:
        if not isinstance(data, list) or len(data) != len(decoders):
            raise CodecError(f"a list of {len(decoders)} wanted")
        return tuple(
            _within(decoder, item, number) for number, (decoder, item) in enumerate(zip(decoders, data, strict=True))
        )

    return decode


def _collection(make: Callable[[list[Any]], Any], decoder: _Decode) -> _Decode:
    def decode(data: object) -> Any:
        if not isinstance(data, list):
            raise CodecError(f"a list wanted, not {type(data).__name__}")
        return make([_within(decoder, item, number) for number, item in enumerate(data)])

    return decode


def _mapping(members: tuple[Any, ...]) -> _Decode:
    key_type, value_type = members
    if key_type is not str and not (isinstance(key_type, NewType) and key_type.__supertype__ is str):
        raise CodecError("keys of a mapping have to be text")
    decoder = _decoder(value_type)

    def decode(data: object) -> Any:
        if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
            raise CodecError(f"an object wanted, not {type(data).__name__}")
        return {key: _within(decoder, item, key) for key, item in data.items()}

    return decode


def _within(decoder: _Decode, item: object, step: int | str) -> Any:
    try:
        return decoder(item)
    except CodecError as error:
        raise error.within(f"[{step}]" if isinstance(step, int) else step[:60]) from None


def _enumeration(type_: type[Enum]) -> _Decode:
    known = {member.value: member for member in type_}

    def decode(data: object) -> Any:
        if not isinstance(data, str | int) or (isinstance(data, bool) and not issubclass(type_, StrEnum)):
            raise CodecError(f"{type_.__name__} wanted")
        try:
            return known[data]
        except KeyError:
            raise CodecError(f"no such {type_.__name__}") from None

    return decode


def _scalar(type_: type) -> _Decode:
    def decode(data: object) -> Any:
        if type(data) is not type_:  # not isinstance: True is no 1
            raise CodecError(f"{type_.__name__} wanted, not {type(data).__name__}")
        return data

    return decode


def _number(data: object) -> float:
    if type(data) is not float and type(data) is not int:
        raise CodecError(f"float wanted, not {type(data).__name__}")
    return float(cast("float", data))


def _none(data: object) -> None:
    if data is not None:
        raise CodecError(f"null wanted, not {type(data).__name__}")


def _any(data: object) -> Any:
    to_json(data)
    return data


def _datetime(data: object) -> datetime:
    found = _parsed(datetime.fromisoformat, data, "datetime")
    if found.tzinfo is None:
        raise CodecError("a naive datetime")
    return found


def _parsed(parse: Callable[[str], T], data: object, name: str) -> T:
    if not isinstance(data, str):
        raise CodecError(f"{name} wanted, not {type(data).__name__}")
    try:
        return parse(data)
    except ValueError:
        raise CodecError(f"no {name}") from None


_SCALARS: dict[type, _Decode] = {
    str: _scalar(str),
    int: _scalar(int),
    bool: _scalar(bool),
    float: _number,
    type(None): _none,
    datetime: _datetime,
    date: lambda data: _parsed(date.fromisoformat, data, "date"),
    time: lambda data: _parsed(time.fromisoformat, data, "time"),
}
