"""The same filled form in every container that we read: the source of the contract tests."""

from collections.abc import Sequence

from tests.builders import excel, markup, word
from tests.builders.layouts import Pairs, arrange

CONTAINERS = (
    "docx",
    "docx_wps",
    "docx_libreoffice",
    "docx_strict",
    "docm",
    "dotx",
    "flat_opc",
    "xlsx",
    "xlsx_strict",
    "html",
    "text",
    "tabs",
    "csv",
)
SUFFIXES = {
    "docm": ".docm",
    "dotx": ".dotx",
    "flat_opc": ".xml",
    "html": ".html",
    "text": ".txt",
    "tabs": ".txt",
    "csv": ".csv",
}


def suffix(container: str) -> str:
    """Given a container, return the suffix its files have."""
    return SUFFIXES.get(container, ".xlsx" if container.startswith("xlsx") else ".docx")


def render(
    container: str,
    title: str,
    rows: Pairs,
    layout: str = "pairs",
    *,
    more: Sequence[Pairs] = (),
    above: Sequence[str] = (),
    below: Sequence[str] = (),
) -> bytes:
    """Given labels with values, return the bytes of a filled form.

    `layout` is one of `layouts.LAYOUTS`; `more` are further people with the same labels, `above` and `below` lines
    around the table. "text" writes a line a pair whatever the layout; "tabs" and "csv" cannot merge and leave blanks.
    """
    boxes = arrange(layout, rows, more)
    if container == "docx":
        return word.docx_form(title, boxes, above, below)
    if container in ("docx_wps", "docx_libreoffice", "docx_strict", "docm", "dotx", "flat_opc"):
        manner = container.partition("_")[2]
        blocks = word.raw_form(title, boxes, above, below, manner)
        if container == "flat_opc":
            return word.flat_opc(blocks)
        types = {"docm": word.MACRO_MAIN, "dotx": word.TEMPLATE_MAIN}
        data = word.package(blocks, main_type=types.get(container, word.MAIN))
        return word.strict(data) if container == "docx_strict" else data
    if container == "xlsx":
        return excel.xlsx_form(title, boxes, above, below)
    if container == "xlsx_strict":
        return word.strict(excel.xlsx_form(title, boxes, above, below))
    if container == "html":
        return markup.html_form(title, boxes, above, below).encode()
    if container == "text":
        lines = [f"{label}：{value}" for person in (rows, *more) for label, value in person]
        return "\n".join((*above, title, *lines, *below)).encode()
    if container in ("tabs", "csv"):
        sign = "\t" if container == "tabs" else ","
        lines = [sign.join(_columns(line, container)) for line in boxes]
        return "\n".join((*above, title, *lines, *below)).encode()
    raise ValueError(container)


def _columns(line, container: str) -> list[str]:
    texts = [text for box in line for text in (box.text, *[""] * (box.columns - 1))]
    if container == "csv":
        return ['"' + text.replace('"', '""') + '"' for text in texts]
    return [text.replace("\n", " ") for text in texts]
