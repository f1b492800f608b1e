"""HTML as mail programs and Office write it."""

from collections.abc import Sequence
from html import escape

from tests.builders.layouts import Box


def table(boxes: Sequence[Sequence[Box]]) -> str:
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td colspan="{box.columns}" rowspan="{box.rows}">{escape(box.text).replace(chr(10), "<br>")}</td>'
            for box in line
        )
        + "</tr>\n"
        for line in boxes
    )
    return f'<table border="1" cellspacing="0">\n{rows}</table>'


def html_form(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> str:
    lines = [f"<div>{escape(text)}</div>" for text in (*above, title)]
    tail = [f"<p>{escape(text)}</p>" for text in below]
    return f'<html><head><meta charset="utf-8"><title>x</title></head><body>{"".join((*lines, table(boxes), *tail))}</body></html>'
