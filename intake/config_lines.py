"""Where in config.toml a key stands: tomllib gives values without places, and people look for mistakes by line.

In: the text of a TOML file. Out: path → line number. It reads only table heads and keys and need not be right about
anything else: a path it does not know falls back to the table around it. Must not: judge, raise.
"""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]  # ("campaign", "form", 1, "title"): keys, and zero-based numbers in arrays of tables

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_ARRAY_HEAD = re.compile(rf"[ \t]*\[\[[ \t]*({_DOTTED})[ \t]*\]\]")
_TABLE_HEAD = re.compile(rf"[ \t]*\[[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
# What can open, close or hide a bracket within a value: comments and strings first.
_TOKEN = re.compile(r"""\"{3}|'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#.*|[\[\]{}]""")


class Lines:
    """The places of one file. `find` is forgiving: the nearest table around an unknown path answers for it."""

    def __init__(self, text: str) -> None:
        self._places: dict[Path, int] = dict(_places(text))

    def find(self, path: Path) -> int | None:
        """Given a path, return its line (from 1), or that of the nearest table around it, or None."""
        for length in range(len(path), 0, -1):
            line = self._places.get(path[:length])
            if line is not None:
                return line
        return None


def _places(text: str) -> Iterator[tuple[Path, int]]:
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _top_level_lines(text):
        if head := _ARRAY_HEAD.match(line):
            array = _within(_parts(head[1]), counts)
            counts[array] = counts.get(array, 0) + 1
            table = (*array, counts[array] - 1)
            if counts[array] == 1:
                yield array, number
            yield table, number
        elif head := _TABLE_HEAD.match(line):
            table = _within(_parts(head[1]), counts)
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1])), number


def _within(parts: tuple[str, ...], counts: dict[Path, int]) -> Path:
    """Given the parts of a head, return its path: under an array of tables it belongs to the last one so far."""
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in counts and position < len(parts) - 1:
            path = (*path, counts[path] - 1)
    return path


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(found[0].strip("\"'") for found in re.finditer(_PART, dotted))


def _top_level_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number, line) for each line that does not begin inside a string or an array of several lines."""
    quote, depth = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not quote and depth == 0:
            yield number, line
            if _ARRAY_HEAD.match(line) or _TABLE_HEAD.match(line):
                continue
        quote, depth = _state_after(line, quote, depth)


def _state_after(line: str, quote: str, depth: int) -> tuple[str, int]:
    """Given a line and whether it begins in a long string or within brackets, return the same for its end."""
    position = 0
    while position < len(line):
        if quote:
            end = line.find(quote, position)
            if end < 0:
                return quote, depth
            position, quote = end + len(quote), ""
            continue
        token = _TOKEN.search(line, position)
        if token is None:
            break
        position = token.end()
        if token[0] in {'"""', "'''"}:
            quote = token[0]
        elif token[0] in {"[", "{"}:
            depth += 1
        elif token[0] in {"]", "}"}:
            depth = max(0, depth - 1)
    return quote, depth
