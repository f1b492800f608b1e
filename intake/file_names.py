"""Names of files that leave the program for somebody's disk: by our own rules, never by the sender's path. Pure.

In: a name from a mail, or words of ours. Out: one plain file name that Windows, Linux and every zip program take. What a
double click would run, or show as a page, loses that: it is named a .bin.
Standards: the names that Windows refuses (Microsoft, "Naming Files, Paths, and Namespaces").
"""

import re
from collections.abc import Mapping

from parsers.text import clean

_LIMIT = 100  # characters; with Chinese in UTF-8 this stays below the 255 bytes of a Linux file name for the usual name
_BYTES = 240
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
# What a double click runs, or shows where it may run something: programs and scripts; what installs or leads elsewhere; pages and
# what a browser shows with scripts in it; office files that carry macros; disks that are put in as a drive.
_RUN_BY_A_CLICK = """
    exe com scr pif bat cmd ps1 psm1 psd1 ps1xml vb vbs vbe js jse mjs ws wsf wsh wsc sct hta cpl dll ocx sys drv py pyw pyz pl rb
    php jar jnlp class sh bash csh ksh zsh run appimage desktop command workflow app scpt apk
    msi msp msc msix appx msixbundle appxbundle appinstaller application gadget deb rpm dmg pkg xll
    lnk url website webloc reg inf scf chm hlp ade adp mde mdb accdb accde settingcontent-ms library-ms search-ms searchconnector-ms
    appref-ms theme themepack diagcab job rdp ica contact group mam one onepkg
    html htm xhtml xht shtml shtm mht mhtml svg svgz xml xsl xslt swf
    docm dotm xlsm xltm xlsb xlam xla xlw pptm potm ppsm ppam ppa sldm slk iqy rqy dqy oqy wll wiz
    iso img vhd vhdx udf cue
"""
_RUNS = frozenset(_RUN_BY_A_CLICK.split())
_EXTENSION = re.compile(r"\.([A-Za-z0-9-]{1,20})$")

# Kinds as `parsers.sniff` names them → the ending under which people's programs open them.
_ENDINGS: Mapping[str, str] = {
    **{
        kind: kind
        for kind in ("docx", "docm", "dotx", "xlsx", "xlsm", "xlsb", "pptx", "doc", "xls", "ppt", "wps", "rtf")
    },
    **{
        kind: kind
        for kind in ("odt", "ods", "pdf", "ofd", "ceb", "uof", "html", "mht", "csv", "eml", "msg", "zip", "rar")
    },
    **{kind: kind for kind in ("tar", "png", "gif", "bmp", "webp", "heic")},
    "flat_opc": "xml",
    "word_xml": "doc",
    "excel_xml": "xls",
    "works": "wps",
    "xml": "xml",
    "text": "txt",
    "calendar": "ics",
    "contact": "vcf",
    "tnef": "dat",
    "seven_zip": "7z",
    "gzip": "gz",
    "jpeg": "jpg",
    "tiff": "tif",
    "encrypted_ooxml": "docx",
    "encrypted_doc": "doc",
    "encrypted_xls": "xls",
}


def safe_name(name: str, *, instead: str = "文件") -> str:
    """Given a file name from a mail, return one that can be saved as it is; `instead` if nothing of it is left."""
    last = re.split(r"[\\/]", clean(name))[-1]
    plain = " ".join(_FORBIDDEN.sub("_", last).split()).strip(" .")
    if not plain or _DEVICES.fullmatch(plain):
        plain = f"{instead}{plain and '_'}{plain}"
    found = _EXTENSION.search(plain)
    ending = found[0] if found else ""
    stem = _cut(plain[: len(plain) - len(ending)], _BYTES - len(ending) - 4).rstrip(" .") or instead
    return stem + ending + (".bin" if ending[1:].lower() in _RUNS else "")


def ending_of(kind: str) -> str:
    """Given a sniffed kind, return the ending of its files, such as ".docx"; ".bin", ".html.bin" for what should not be opened."""
    ending = _ENDINGS.get(kind, "bin")
    return f".{ending}.bin" if ending in _RUNS else f".{ending}"


def words_name(*words: str) -> str:
    """Given words of ours (unit, form), return them joined as the stem of a file name."""
    return safe_name("-".join(_FORBIDDEN.sub("_", one).strip(" .") for one in words if one))


def _cut(text: str, limit: int) -> str:
    return text[:_LIMIT].encode()[:limit].decode(errors="ignore")
