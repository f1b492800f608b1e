"""What an IMAP server can say wrongly: twists of single answers, by the command that they answer. Pure; bytes in and out.

A `Lie` twists every answer to one command of a poll. `body` lies make a body that is not the mail's: no client can know
better, so that such a mail must be marked (`mismatch`) if it is kept at all.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Twist = Callable[[bytes], bytes]
_LITERAL = re.compile(rb"\{(\d+)\}\r\n")
_BODY = re.compile(rb" BODY\[\](?:<\d+>)? \{(\d+)\}\r\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lie:
    """`command` is the beginning of the command whose answers are twisted, as the server notes it."""

    command: str
    name: str
    twist: Twist
    body: bool = False

    def __call__(self, command: str, data: bytes) -> bytes:
        """Twist an answer, if it is one to that command."""
        return self.twist(data) if command.startswith(self.command) else data


def untagged(change: Twist) -> Twist:
    return lambda data: change(data) if data.startswith(b"* ") else data


def tagged(change: Twist) -> Twist:
    return lambda data: data if data.startswith((b"* ", b"+ ")) else change(data)


def _status(word: bytes) -> Twist:
    return tagged(lambda data: data.split()[0] + b" " + word + b"\r\n")


def _announce(change: Callable[[int], bytes]) -> Twist:
    """Announce another length of a body than it has."""
    return untagged(lambda data: _LITERAL.sub(lambda match: b"{%s}\r\n" % change(int(match[1])), data, count=1))


def _in_place_of_body(value: bytes) -> Twist:
    def change(data: bytes) -> bytes:
        match = _BODY.search(data)
        return data if match is None else data[: match.start()] + b" BODY[] " + value + b")\r\n"

    return untagged(change)


def _sub(pattern: bytes, to: bytes) -> Twist:
    return untagged(lambda data: re.sub(pattern, to, data, count=1))


_PHANTOM = b'* 9 FETCH (UID 4242 RFC822.SIZE 7 INTERNALDATE "01-Jan-2020 00:00:00 +0800" BODY[] {7}\r\nphantom)\r\n'
_OTHERS_FLAGS = b"* 1 FETCH (FLAGS (\\Seen))\r\n"

# Answers to any command.
_ANYWHERE: Mapping[str, Twist] = {
    "says nothing": untagged(lambda _data: b""),
    "says it twice": untagged(lambda data: data * 2),
    "answers garbage": untagged(lambda _data: b"\x00\xff\xfe garbage\r\n"),
    "answers HTTP": untagged(lambda _data: b"HTTP/1.1 302 Found\r\n"),
    "an empty line first": lambda data: b"\r\n" + data,
    "lone LF": lambda data: data if _LITERAL.search(data) else data.replace(b"\r\n", b"\n"),
    "a line without end": untagged(lambda _data: b"* " + b"x" * 1_100_000 + b"\r\n"),
    "unbalanced": untagged(lambda data: data.replace(b"(", b"", 1)),
    "a number of 5,000 digits": _sub(rb"\d+", b"9" * 5_000),
    "all numbers are 0": untagged(lambda data: data if _LITERAL.search(data) else re.sub(rb"\d+", b"0", data)),
    "NO": _status(b"NO not now"),
    "NO in GBK": _status(b"NO \xd3\xc3\xbb\xa7\xce\xde\xc8\xa8"),
    "BAD": _status(b"BAD command not support"),
    "neither OK nor NO": _status(b"MAYBE later"),
    "another tag": tagged(lambda data: b"ZZZZ99 " + data.partition(b" ")[2]),
    "no tag at all": tagged(lambda data: data.partition(b" ")[2]),
    "OK twice": tagged(lambda data: data * 2),
    "BYE before OK": tagged(lambda data: b"* BYE server shutting down\r\n" + data),
    "BYE in place of OK": tagged(lambda _data: b"* BYE server shutting down\r\n"),
    "goes on asking": tagged(lambda data: b"+ go ahead\r\n" + data),
    "no mails of a sudden": tagged(lambda data: b"* 0 EXISTS\r\n" + data),
    "mails of a sudden": tagged(lambda data: b"* 4294967295 EXISTS\r\n" + data),
    "expunges of a sudden": tagged(lambda data: b"* 1 EXPUNGE\r\n" * 3 + data),
    "a phantom mail": lambda data: _PHANTOM + data,
    "other clients' flags": lambda data: _OTHERS_FLAGS + data + (_OTHERS_FLAGS if data.startswith(b"* ") else b""),
}
_COMMANDS = ("LOGIN", "CAPABILITY", "ID", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "NOOP")

_OF_EXAMINE: Mapping[str, Twist] = {
    "no UIDVALIDITY": _sub(rb"\* OK \[UIDVALIDITY 1\][^\r]*\r\n", b""),
    "UIDVALIDITY 0": _sub(rb"UIDVALIDITY 1", b"UIDVALIDITY 0"),
    "UIDVALIDITY no number": _sub(rb"UIDVALIDITY 1", b"UIDVALIDITY x"),
    "another UIDVALIDITY": _sub(rb"UIDVALIDITY 1", b"UIDVALIDITY 4294967295"),
    "UIDVALIDITY of 19 digits": _sub(rb"UIDVALIDITY 1", b"UIDVALIDITY " + b"9" * 19),
    "UIDVALIDITY of 5,000 digits": _sub(rb"UIDVALIDITY 1", b"UIDVALIDITY " + b"9" * 5_000),
    "too many EXISTS": _sub(rb"\d+ EXISTS", b"90000 EXISTS"),
    "too few EXISTS": _sub(rb"\d+ EXISTS", b"1 EXISTS"),
}
_OF_SEARCH: Mapping[str, Twist] = {
    "phantom UIDs": untagged(lambda data: data.rstrip() + b" 4242 4243\r\n"),
    "UID 0": untagged(lambda data: data.rstrip() + b" 0\r\n"),
    "a UID of 13 digits": untagged(lambda data: data.rstrip() + b" 1000000000000\r\n"),
    "a UID of 30 digits": untagged(lambda data: data.rstrip() + b" 1" + b"0" * 29 + b"\r\n"),
    "descending": untagged(lambda data: b"* SEARCH " + b" ".join(sorted(data.split()[2:], reverse=True)) + b"\r\n"),
    "every UID twice": untagged(lambda data: data.rstrip() + b" " + b" ".join(data.split()[2:]) + b"\r\n"),
    "a line a UID": untagged(lambda data: b"".join(b"* SEARCH %s\r\n" % uid for uid in data.split()[2:]) or data),
    "only the first": untagged(lambda data: b" ".join(data.split()[:3]) + b"\r\n"),
    "words": untagged(lambda data: data.rstrip() + b" seen\r\n"),
    "negative": untagged(lambda data: data.rstrip() + b" -7\r\n"),
}
_OF_DESCRIPTIONS: Mapping[str, Twist] = {
    **{
        f"size {by:+d}": untagged(
            lambda data, by=by: re.sub(  # type: ignore[misc]
                rb"SIZE (\d+)", lambda match: b"SIZE %d" % max(0, int(match[1]) + by), data
            )
        )
        for by in (-200, -10, -1, 1, 10, 250, 70_000)
    },
    "size 0": _sub(rb"SIZE \d+", b"SIZE 0"),
    "size NIL": _sub(rb"SIZE \d+", b"SIZE NIL"),
    "size 3.9 GB": _sub(rb"SIZE \d+", b"SIZE 3900000000"),
    "size of 18 digits": _sub(rb"SIZE \d+", b"SIZE " + b"9" * 18),
    "size of 19 digits": _sub(rb"SIZE \d+", b"SIZE " + b"9" * 19),
    "UID of 19 digits": _sub(rb"UID \d+", b"UID " + b"9" * 19),
    "no size": _sub(rb"RFC822\.SIZE \d+ ", b""),
    "no date": _sub(rb' INTERNALDATE "[^"]*"', b""),
    "date NIL": _sub(rb'INTERNALDATE "[^"]*"', b"INTERNALDATE NIL"),
    "date of year 0": _sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "00-Foo-0000 99:99:99 +9999"'),
    "another date": _sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "01-Jan-2020 00:00:00 +0800"'),
    "all under one UID": _sub(rb"UID \d+", b"UID 1392611444"),
    "no UID": _sub(rb"UID \d+ ", b""),
    "UID NIL": _sub(rb"UID \d+", b"UID NIL"),
}
_OF_BODIES: Mapping[str, tuple[Twist, bool]] = {
    **{
        f"announced {by:+d}": (_announce(lambda size, by=by: b"%d" % max(0, size + by)), True)  # type: ignore[misc]
        for by in (-20, -3, -2, -1, 1, 2, 3, 20, 4_000)
    },
    "announced 0": (_announce(lambda _size: b"0"), True),
    "announced 3.9 GB": (_announce(lambda _size: b"3900000000"), True),
    "announced 10^30": (_announce(lambda _size: b"1" + b"0" * 30), True),
    "announced by 5,000 digits": (_announce(lambda _size: b"9" * 5_000), True),
    "announced negatively": (_announce(lambda size: b"-%d" % size), True),
    "announced in words": (_announce(lambda _size: b"many"), True),
    "NIL": (_in_place_of_body(b"NIL"), False),
    "nothing in quotes": (_in_place_of_body(b'""'), False),
    "a quoted string": (_in_place_of_body(b'"Subject: false"'), True),
    "a number": (_in_place_of_body(b"42"), True),
    "a list": (_in_place_of_body(b"(a (b) NIL)"), False),
    "under another UID": (_sub(rb"UID \d+", b"UID 4242"), False),
    "under another section": (_sub(rb"BODY\[\]", b"BODY[TEXT]"), False),
    "the header first": (_sub(rb" BODY\[\]", b" BODY[HEADER] {3}\r\nx: BODY[]"), False),
    "10 bytes less": (untagged(lambda data: _shorter(data, 10)), True),
}


def _shorter(data: bytes, by: int) -> bytes:
    """Leave out bytes of a body, and announce what is left: a lie that holds together."""
    match = _LITERAL.search(data)
    if match is None:
        return data
    kept = max(1, int(match[1]) - by)
    end = match.end() + int(match[1])
    return data[: match.start()] + b"{%d}\r\n" % kept + data[match.end() : match.end() + kept] + data[end:]


def _where(has: bytes, twist: Twist) -> Twist:
    """Twist only those answers to UID FETCH that are about bodies, or about sizes."""
    return lambda data: twist(data) if has in data else data


def lies() -> Iterator[Lie]:
    """Yield all lies."""
    for command in _COMMANDS:
        for name, twist in _ANYWHERE.items():
            yield Lie(command, name, twist, body=command == "UID FETCH")
    for name, twist in _OF_EXAMINE.items():
        yield Lie("EXAMINE", name, twist)
    for name, twist in _OF_SEARCH.items():
        yield Lie("UID SEARCH", name, twist)
    for name, twist in _OF_DESCRIPTIONS.items():
        yield Lie("UID FETCH", name, _where(b"RFC822.SIZE", twist))
    for name, (twist, body) in _OF_BODIES.items():
        yield Lie("UID FETCH", f"body {name}", _where(b"BODY[", twist), body=body)
