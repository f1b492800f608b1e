"""Outlook's saved messages (.msg): attachments, body, and the same of messages attached to them.

In: an OLE2 file (`ole`) with MAPI properties. Out: members in a `Bag`; those of an attached message under its name as a folder.
Must not: read a stream that nobody asks for, go down without end. Standards: MS-OXMSG §2.1-2.4, MS-OXPROPS.

Why not python-oxmsg 0.0.2: it reads every stream at once, gives no attached messages, decodes bodies strictly and fails
on an attachment without a method. Property streams are found by name; only the code page needs the property table.
"""

import struct
from collections.abc import Mapping

from parsers.document import FailureCode, ReadFailure
from parsers.ole import MAGIC, Compound, Node
from parsers.packed.bag import Bag, code_page, labelled, unicode
from parsers.packed.mapi import decompressed_rtf
from parsers.text import decode

_TABLE = "__properties_version1.0"
_ATTACHMENT = "__attach_version1.0_#"
_PROPERTY = struct.Struct("<HHIQ")
_TOP_HEADER_BYTES, _INNER_HEADER_BYTES = 32, 24  # before the entries of a property table (MS-OXMSG §2.4.1)
_TABLE_BYTES = 2**20
_NAME_BYTES = 2**14
_CODE_PAGES = ("3FFD", "3FDE")  # of the strings, of the HTML body
_TEXT, _RTF, _HTML = "1000", "1009", "1013"
_DATA, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = "3701", "3707", "3704", "3001"
_UNICODE, _STRING8, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"

_Nodes = Mapping[str, Node]


def unpack(data: bytes, bag: Bag) -> None:
    """Given a .msg file, put its attachments and its body into the bag. Raise ReadFailure if it is damaged."""
    compound = Compound(data)
    _Message(compound, bag).unpack(compound.root, "", 0)


class _Message:
    """Reads one message after the other out of one compound file."""

    def __init__(self, compound: Compound, bag: Bag) -> None:
        self._compound = compound
        self._bag = bag

    def unpack(self, storage: Node, prefix: str, depth: int) -> None:
        if depth > self._bag.depth:
            raise ReadFailure(FailureCode.TOO_LARGE, f"messages nested deeper than {self._bag.depth}")
        nodes = self._nodes(storage)
        strings, html = self._charsets(nodes, _INNER_HEADER_BYTES if depth else _TOP_HEADER_BYTES)
        self._bag.add_body(
            prefix,
            text=self._body(nodes, _TEXT, strings),
            html=self._body(nodes, _HTML, html),
            rtf=self._rtf(nodes),
        )
        for name, node in nodes.items():
            if name.startswith(_ATTACHMENT.upper()) and node.is_storage:
                self._attachment(node, prefix, strings, depth)

    def _attachment(self, storage: Node, prefix: str, charset: str, depth: int) -> None:
        nodes = self._nodes(storage)
        names = (self._string(nodes, number, charset) for number in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
        name = next((name for name in names if name.strip()), "unnamed").replace("/", "_")
        inner = _find(nodes, _DATA, _OBJECT)
        if inner is not None and inner.is_storage:
            if any(node.name.lower() == _TABLE for node in self._compound.children(inner)):
                return self.unpack(inner, f"{prefix}{name}/", depth + 1)
            # A program's object drawn into the body: no file that could be handed out. Its mark alone says that
            # something was there and was not read.
            return self._bag.add(prefix + name, MAGIC)
        data = _find(nodes, _DATA, _BINARY)
        # Without data (a link to a file of the sender's) it is told to be empty, never left out.
        return self._bag.add(prefix + name, self._compound.read(data, self._bag.left) if data else b"")

    def _nodes(self, storage: Node) -> _Nodes:
        return {node.name.upper(): node for node in self._compound.children(storage)}

    def _charsets(self, nodes: _Nodes, header_bytes: int) -> tuple[str, str]:
        """Given a message's nodes, return the charsets of its 8-bit strings and of its HTML."""
        table = nodes.get(_TABLE.upper())
        if table is None:
            raise ReadFailure(FailureCode.DAMAGED, "message without properties")
        content = self._compound.read(table, _TABLE_BYTES)[header_bytes:]
        whole = len(content) // _PROPERTY.size * _PROPERTY.size
        numbers = {f"{number:04X}": value for _, number, _, value in _PROPERTY.iter_unpack(content[:whole])}
        strings, html = (code_page(numbers.get(one, 0) & 0xFFFFFFFF) for one in _CODE_PAGES)
        return strings or html, html or strings

    def _body(self, nodes: _Nodes, number: str, charset: str) -> bytes:
        node = _find(nodes, number, _UNICODE)
        if node is not None:
            return unicode(self._compound.read(node, self._bag.left).decode("utf-16-le", "replace").rstrip("\0"))
        node = _find(nodes, number, _STRING8) or _find(nodes, number, _BINARY)
        return labelled(self._compound.read(node, self._bag.left).rstrip(b"\0"), charset) if node else b""

    def _rtf(self, nodes: _Nodes) -> bytes:
        node = _find(nodes, _RTF, _BINARY)
        if node is None:
            return b""
        data = self._compound.read(node, self._bag.left)
        try:
            return decompressed_rtf(data)
        except ReadFailure:
            return data  # must not hide the attachments: it goes on as it is and is told to be unreadable

    def _string(self, nodes: _Nodes, number: str, charset: str) -> str:
        node = _find(nodes, number, _UNICODE)
        if node is not None:
            return self._compound.read(node, _NAME_BYTES).decode("utf-16-le", "replace").partition("\0")[0]
        node = _find(nodes, number, _STRING8)
        return decode(self._compound.read(node, _NAME_BYTES), charset).text.partition("\0")[0] if node else ""


def _find(nodes: _Nodes, number: str, kind: str) -> Node | None:
    return nodes.get(f"__SUBSTG1.0_{number}{kind}")
