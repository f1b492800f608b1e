"""How the embedded IMAP server behaves: NetEase's habits by default, faults by choice. A frozen value; no I/O.

Each habit is from a public transcript or bug report of NetEase, Tencent or Aliyun mailboxes; the faults are those that
a poll must survive.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """What the server does otherwise than a plain IMAP4rev1 server.

    Habits: `id_required` (SELECT and EXAMINE are "Unsafe Login" without ID), `text_search_finds_all` (Tencent; NetEase
    finds nothing), `partial_fetch` (false: a partial FETCH is answered with the whole).
    Login: `login_answer` are the words in which every LOGIN is refused (b"" checks the password), `maximum_logins` how
    many are let in before Tencent's one sentence.
    Faults: `bye_after_commands`; `size_error` is added to every RFC822.SIZE; `announced_error` to the length announced
    of a body; `nil_bodies`; `hang_up_on` are UIDs whose body ends the connection; `refuse_body_of` those answered BAD;
    `stall_on` is a command (or "GREETING") that is never answered; `trickle_s` the pause between two bytes;
    `untagged_noise` puts other clients' changes around every FETCH answer; `cut_after_bytes` cuts a connection after
    so many bytes were sent on it; `greeting` takes the place of the usual one.
    """

    id_required: bool = True
    text_search_finds_all: bool = False
    partial_fetch: bool = True
    login_answer: bytes = b""
    maximum_logins: int | None = None
    bye_after_commands: int | None = None
    size_error: int = 0
    announced_error: int = 0
    nil_bodies: bool = False
    hang_up_on: frozenset[int] = frozenset()
    refuse_body_of: frozenset[int] = frozenset()
    stall_on: str = ""
    trickle_s: float = 0.0
    untagged_noise: bool = False
    cut_after_bytes: int | None = None
    greeting: bytes = b"* OK Coremail System IMap Server Ready(demo)"
