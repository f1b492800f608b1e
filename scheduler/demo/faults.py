"""How the SMTP sink misbehaves: rules as values. In: nothing. Out: what a script is made of. No I/O."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a script can take hold."""

    CONNECT = "connect"  # in place of the greeting
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # in place of 354
    CONTENT = "content"  # after the final dot
    RSET = "rset"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Answer:
    """Say this instead, in these very bytes, such as b"451 MI:SFQ ...". After CONTENT the letter is not kept."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Cut the connection without a word. After CONTENT `keep` tells whether the letter was taken (the lost 250)."""

    keep: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """Answer as usual, but so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trickle:
    """Answer as usual, a byte at a time with so many seconds in between."""

    seconds: float


Action = Answer | Drop | Late | Trickle


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of misbehaviour: at the `nth` time (1 = first) that `stage` is reached, or at the next `times` times.

    `recipient` restricts it to letters to that address (RCPT and later stages). `times` None: for ever.
    """

    stage: Stage
    action: Action
    nth: int | None = None
    times: int | None = 1
    recipient: str = ""
