"""Compound files: streams come out as they were stored or not at all, and a file that was cut off is told."""

import random
import struct
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.document import FailureCode, ReadFailure
from parsers.ole import MAGIC, Compound, Node, Stream, is_cut, streams
from tests.builders import ole
from tests.builders import packed as p
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.rendering import render

STREAMS = {"small": b"abc", "large": bytes(range(250)) * 300, "empty": b"", "edge": b"e" * 4096, "below": b"b" * 4095}
TREE = {**STREAMS, "outer": {"Deep": b"d" * 100, "inner": {"deepest": b"x" * 5000}}}
FILE = p.compound(TREE)
END, FREE = ole.END, ole.FREE
SMALLER, DIRECTORY, SMALL_FAT, DIFAT, FATS = 512, 48, 60, 68, 76


def failure(work) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        work()
    return caught.value.failure.code


def contents(data: bytes) -> dict[tuple[str, ...], bytes]:
    """Every stream of a file by its path."""
    compound = Compound(data)
    found: dict[tuple[str, ...], bytes] = {}

    def go(storage: Node, path: tuple[str, ...]) -> None:
        for node in compound.children(storage):
            if node.is_storage:
                go(node, (*path, node.name))
            else:
                found[(*path, node.name)] = compound.read(node)

    go(compound.root, ())
    return found


def number(data: bytes, at: int) -> int:
    return struct.unpack_from("<I", data, at)[0]


def with_number(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def link_of(data: bytes, sector: int) -> int:
    """Where the link of a sector (of the first 128) stands."""
    return 512 * (1 + number(data, FATS)) + 4 * sector


def entry_of(data: bytes, name: str) -> int:
    """Where the directory entry of a stream begins."""
    return data.index(name.encode("utf-16-le") + b"\0\0", 512 * (1 + number(data, DIRECTORY)))


# --- streams whole ----------------------------------------------------------------------------------------------------


def test_streams_come_out_as_they_were_stored():
    expected = {(name,): content for name, content in STREAMS.items()}
    expected |= {("outer", "Deep"): b"d" * 100, ("outer", "inner", "deepest"): b"x" * 5000}
    assert contents(FILE) == expected


def test_a_stream_is_found_by_its_path_whatever_the_case():
    compound = Compound(FILE)
    assert compound.stream("SMALL") == b"abc"
    assert compound.stream("Outer", "deep") == b"d" * 100
    assert compound.stream("outer", "inner", "deepest") == b"x" * 5000
    assert [compound.stream(*path) for path in ((), ("outer",), ("Deep",), ("small", "x"))] == [None] * 4


def test_a_stream_can_be_read_twice():
    compound = Compound(FILE)
    for name in ("small", "large"):
        assert compound.stream(name) == compound.stream(name) == STREAMS[name]


def test_a_stream_over_the_limit_is_not_read():
    compound = Compound(FILE)
    large = compound.find("large")
    assert failure(lambda: compound.read(large, 74_999)) is FailureCode.TOO_LARGE
    assert compound.read(large, 75_000) == STREAMS["large"]


def test_files_of_version_4_are_read():
    """4,096 bytes a sector: the content of a file of version 3, put into larger sectors by hand."""
    content = b"".join(bytes([one]) * 4096 for one in range(1, 4))
    directory = ole._entry("Root Entry", 5, FREE, FREE, 1, END, 0) + ole._entry("a", 2, FREE, FREE, FREE, 0, 10_000)
    fat = struct.pack("<5I", 1, 2, END, END, ole.FAT)
    header = bytearray(FILE[:76]) + b"\xff" * 436
    struct.pack_into("<HHHH", header, 26, 4, 0xFFFE, 12, 6)
    for at, value in ((DIRECTORY, 3), (SMALL_FAT, END), (DIFAT, END), (FATS, 4)):
        struct.pack_into("<I", header, at, value)
    data = bytes(header.ljust(4096, b"\0")) + content + directory.ljust(4096, b"\0") + fat.ljust(4096, b"\xff")
    assert contents(data) == {("a",): content[:10_000]}
    assert streams(data) == (Stream("a", content[:4096]),)
    assert (is_cut(data), is_cut(data[:-1]), is_cut(data[:600])) == (False, True, True)


def test_a_file_of_more_than_109_table_sectors_is_read():
    large = random.Random(1).randbytes(9 * 2**20)
    data = ole.compound({"large": large, "small": b"abc"})
    assert contents(data) == {("large",): large, ("small",): b"abc"}
    assert [(one.name, one.head[:3]) for one in streams(data)] == [("large", large[:3]), ("small", b"abc")]
    assert not is_cut(data)
    assert is_cut(data[:-1])  # the last sector lists the tables


# --- files that lie ---------------------------------------------------------------------------------------------------


def test_a_chain_in_a_circle_ends():
    data = with_number(FILE, link_of(FILE, 3), 1)
    assert failure(lambda: contents(data)) is FailureCode.DAMAGED
    assert not is_cut(data)


def test_two_streams_that_share_a_sector_are_refused():
    edge, large = (entry_of(FILE, name) + 116 for name in ("edge", "large"))
    assert failure(lambda: contents(with_number(FILE, edge, number(FILE, large) + 1))) is FailureCode.REFUSED
    below, small = (entry_of(FILE, name) + 116 for name in ("below", "small"))
    assert failure(lambda: contents(with_number(FILE, small, number(FILE, below)))) is FailureCode.REFUSED


@pytest.mark.parametrize(("name", "size"), [("large", 75_600), ("large", 2**31), ("small", 65), ("small", 2**31)])
def test_a_stream_that_declares_more_than_its_chain_has_is_damaged(name, size):
    data = with_number(FILE, entry_of(FILE, name) + 120, size)
    assert failure(lambda: contents(data)) is FailureCode.DAMAGED


def test_a_list_that_ends_in_a_free_sector_is_damaged():
    last = number(FILE, DIRECTORY)
    while (following := number(FILE, link_of(FILE, last))) != END:
        last = following
    assert failure(lambda: contents(with_number(FILE, link_of(FILE, last), FREE))) is FailureCode.DAMAGED


def test_two_entries_of_one_name_are_damaged():
    assert failure(lambda: contents(p.compound({"edge": b"one", "EDGE": b"two"}))) is FailureCode.DAMAGED


def test_siblings_in_a_circle_are_damaged_and_sniffed_once():
    large = entry_of(FILE, "large")
    data = with_number(FILE, large + 72, 1)
    assert failure(lambda: contents(data)) is FailureCode.DAMAGED
    assert sorted(one.name for one in streams(data)) == sorted(["small", "large"])


def test_ten_thousand_siblings_in_a_row_need_no_recursion():
    data = p.compound({f"{one}": b"" for one in range(10_000)})
    assert len(contents(data)) == len(streams(data)) == 10_000


def test_more_entries_than_any_mail_has_are_too_many():
    assert failure(lambda: Compound(p.compound({f"{one}": b"" for one in range(20_100)}))) is FailureCode.TOO_LARGE


@pytest.mark.parametrize(("at", "value"), [(32, 7), (56, 64), (30, 3), (30, 0xFFFF)])
def test_a_header_that_two_programs_may_understand_differently_is_damaged(at, value):
    data = FILE[:at] + struct.pack("<H", value) + FILE[at + 2 :]
    assert failure(lambda: Compound(data)) is FailureCode.DAMAGED


def test_a_table_of_tables_in_a_circle_ends():
    listed = ole.compound({"large": bytes(9 * 2**20)})
    difat = number(listed, DIFAT)
    itself = with_number(listed, 512 * (difat + 2) - 4, difat)
    empty = itself[: 512 * (difat + 1)] + b"\xff" * 508 + itself[512 * (difat + 2) - 4 :]
    for data in (itself, empty):
        started = time.process_time()
        streams(data)
        is_cut(data)
        assert time.process_time() - started < 2
    assert failure(lambda: Compound(empty)) is FailureCode.DAMAGED


def test_a_table_listed_twice_is_damaged():
    more = FILE + bytes(512 * 200)  # sectors that nobody uses, but they are there and want links
    assert contents(more) == contents(FILE)
    twice = with_number(more, FATS + 8, number(FILE, FATS + 4))
    assert failure(lambda: contents(twice)) is FailureCode.DAMAGED


def test_a_list_of_billions_of_tables_costs_nothing():
    """DIFAT sectors full of different numbers, none of which is there."""
    lists = [struct.pack("<128I", *range(10**6 + 127 * one, 10**6 + 127 * one + 127), one + 1) for one in range(2000)]
    head = with_number(FILE[:76] + struct.pack("<109I", *range(10**7, 10**7 + 109)), DIFAT, 0)
    data = head + b"".join(lists)
    tracemalloc.start()
    assert is_cut(data)
    assert streams(data) == ()
    assert failure(lambda: Compound(data)) is FailureCode.DAMAGED
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(data)


def test_streams_that_share_all_sectors_take_linear_time():
    names = [f"{one}" for one in range(4_000)]
    data = bytearray(p.compound({"large": bytes(4 * 2**20), **dict.fromkeys(names, b"")}))
    start = number(data, entry_of(bytes(data), "large") + 116)
    first = 512 * (1 + number(data, DIRECTORY))
    for at in range(first, first + 128 * 4_002, 128):
        if data[at + 66] == 2:
            struct.pack_into("<II", data, at + 116, start, 4 * 2**20)
    started = time.process_time()
    assert not is_cut(bytes(data))
    assert failure(lambda: contents(bytes(data))) is FailureCode.REFUSED
    assert time.process_time() - started < 5


# --- files that were cut off ------------------------------------------------------------------------------------------


def test_a_file_is_cut_wherever_its_end_is_lost():
    assert not is_cut(FILE)
    for length in [*range(8, len(FILE), 97), len(FILE) - 1]:
        assert is_cut(FILE[:length]), length
        assert failure(lambda length=length: contents(FILE[:length])) is FailureCode.DAMAGED


def test_what_lies_behind_is_no_loss():
    assert not is_cut(FILE + b"\r\n")
    assert contents(FILE + b"-- \r\nsent from a phone" * 99) == contents(FILE)


SMALL_FILE = p.compound({"a": bytes(5_000), "b": b"b", "outer": {"inner": {"deep": bytes(5_000)}}})


def extended(start: int, content: bytes) -> bytes:
    """The small file with a further sector at the end of the chain that begins at `start`, and at the end of the file."""
    sectors = len(SMALL_FILE) // 512 - 1
    last = start
    while number(SMALL_FILE, link_of(SMALL_FILE, last)) != END:
        last = number(SMALL_FILE, link_of(SMALL_FILE, last))
    data = with_number(SMALL_FILE, link_of(SMALL_FILE, last), sectors)
    return with_number(data, link_of(data, sectors), END) + content


def unpadded(content: bytes) -> bytes:
    """A file whose last sector holds the end of a stream and was not filled up."""
    at = entry_of(SMALL_FILE, "a") + 116
    data = extended(number(SMALL_FILE, at), content)
    return with_number(data, at + 4, 10 * 512 + len(content))


@pytest.mark.parametrize("name", ["deep", "Root Entry"])
def test_a_file_without_the_end_of_one_stream_is_cut_wherever_the_stream_lies(name):
    at = entry_of(SMALL_FILE, name) + 116
    data = with_number(extended(number(SMALL_FILE, at), bytes(512)), at + 4, number(SMALL_FILE, at + 4) + 512)
    assert (is_cut(data), is_cut(data[:-512]), is_cut(SMALL_FILE)) == (False, True, False)


@pytest.mark.parametrize("at", [DIRECTORY, SMALL_FAT])
def test_a_file_without_the_end_of_its_lists_is_cut(at):
    data = extended(number(SMALL_FILE, at), bytes(512))
    assert (is_cut(data), is_cut(data[:-1]), is_cut(data[:-512])) == (False, True, True)


def test_a_table_for_sectors_that_are_not_there_is_no_loss():
    data = with_number(SMALL_FILE, FATS + 4, 5_000)
    assert not is_cut(data)
    assert contents(data) == contents(SMALL_FILE)


def test_a_last_sector_that_was_not_filled_up_is_no_loss():
    data = unpadded(b"x" * 100)
    assert not is_cut(data)
    assert contents(data)["a",] == bytes(10 * 512) + b"x" * 100
    assert is_cut(data[:-1])
    assert failure(lambda: contents(data[:-1])) is FailureCode.DAMAGED


def test_a_short_sector_in_the_middle_of_a_chain_never_moves_the_rest_up():
    data = bytearray(unpadded(b"x" * 100))
    last = len(data) // 512 - 1
    struct.pack_into("<I", data, link_of(bytes(data), 3), last)
    struct.pack_into("<I", data, link_of(bytes(data), last), 4)
    struct.pack_into("<I", data, link_of(bytes(data), 9), END)
    struct.pack_into("<I", data, entry_of(bytes(data), "a") + 120, 10 * 512 + 50)
    assert failure(lambda: contents(bytes(data))) is FailureCode.DAMAGED
    assert is_cut(bytes(data))


NAMES = st.text(st.sampled_from("abcd"), min_size=1, max_size=3)
SIZES = st.sampled_from([0, 1, 64, 100, 4_095, 4_096, 5_000, 20_000])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, SIZES, max_size=5), st.dictionaries(NAMES, SIZES, max_size=3), st.integers(0, 2_000))
def test_a_file_is_told_to_be_cut_or_gives_every_stream(top, inner, rest):
    tree = {name: name[:1].encode() * size for name, size in top.items()}
    below = {name: name[:1].encode() * size for name, size in inner.items()}
    data = p.compound({**tree, "storage": below})
    found = contents(data)
    assert found == {
        **{(name,): one for name, one in tree.items()},
        **{("storage", n): one for n, one in below.items()},
    }
    kept = data[: max(8, len(data) * rest // 2_000)]
    assert is_cut(kept) or contents(kept) == found


def test_what_is_no_compound_file_is_not_cut():
    assert not is_cut(b"")
    assert not is_cut(b"{\\rtf1")
    assert is_cut(MAGIC)
    assert streams(b"") == streams(MAGIC) == ()
    assert failure(lambda: Compound(b"")) is FailureCode.DAMAGED


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12))
def test_mutated_files_raise_nothing_but_a_read_failure(seed, changes):
    chance = random.Random(seed)
    data = bytearray(FILE)
    for _ in range(changes):
        at = chance.choice([chance.randrange(512), chance.randrange(len(data))])
        data[at : at + chance.choice([1, 4])] = chance.choice([b"\0", b"\xff" * 4, chance.randbytes(1), b""])
    for one in streams(bytes(data)):
        assert len(one.head) <= 4096
    assert is_cut(bytes(data)) in {True, False}
    try:
        found = contents(bytes(data))
    except ReadFailure:
        return
    assert sum(map(len, found.values())) <= len(data)


@pytest.mark.integration
@needs_libreoffice
@pytest.mark.parametrize(("container", "to"), [("docx", "doc:MS Word 97"), ("xlsx", "xls:MS Excel 97")])
def test_what_libreoffice_writes_is_whole_and_what_is_left_of_it_is_told(container, to):
    data = converted({"a": render(container, "反馈表", [("姓名", "林一")])}, to)["a"]
    whole = contents(data)
    assert not is_cut(data)
    for part in range(1, 100):
        rest = data[: len(data) * part // 100]
        assert is_cut(rest) or contents(rest) == whole
    assert is_cut(data[: len(data) // 2])
