"""Exceptions by whose fault: the office's, a server's; anything else is a bug. A bad document is a value, not an exception.

`OfficeError` (config, disk, password) ends a command with exit code 2, without a traceback, and lists every problem.
`ServerError` comes from IMAP or SMTP; transient ones are tried again, permanent ones are told to somebody.
"""

from collections.abc import Sequence


class IntakeError(Exception):
    """Base of the exceptions that are expected in operation."""


class OfficeError(IntakeError):
    """The office can mend it. `problems` are Chinese sentences: what happened, what it means, what to do."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class ServerError(IntakeError):
    """A mail server refused or failed. `message` is a Chinese sentence for the office, `answer` the server's own words."""

    def __init__(self, message: str, answer: str = "") -> None:
        self.message = message
        self.answer = answer
        super().__init__(f"{message}（{answer}）" if answer else message)


class TransientServerError(ServerError):
    """Try again later, by itself."""


class PermanentServerError(ServerError):
    """Trying again does not help until somebody has changed something."""
