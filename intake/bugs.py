"""A bug's traceback for the log: classes, files, lines, never messages. An exception's message quotes what it met, and
what it meets here are names and telephone numbers (SQLAlchemy even prints all parameters of a statement).
"""

import traceback


def frames(error: BaseException) -> str:
    """Given an exception, return where it came from, cause by cause, in lines without any value."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or current.__context__
    return "\n".join(lines)
