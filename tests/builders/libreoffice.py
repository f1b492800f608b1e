"""Documents as LibreOffice (from Debian) writes them: one call converts many files. For tests that need real producers."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="needs LibreOffice (libreoffice-writer-nogui, -calc-nogui)"
)


def converted(files: Mapping[str, bytes], to: str) -> dict[str, bytes]:
    """Given files by name (with their suffix), return them converted, by the same names.

    `to` is what soffice takes behind --convert-to: ``"doc:MS Word 97"``, ``"xls:MS Excel 97"``, ``"pdf"`` …
    """
    assert SOFFICE is not None, "LibreOffice is missing"
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place, "in"), Path(place, "out")
        folder.mkdir()
        paths = []
        for number, (name, data) in enumerate(files.items()):
            path = folder / f"{number}.{name.rpartition('.')[2]}"
            path.write_bytes(data)
            paths.append(str(path))
        command = [SOFFICE, f"-env:UserInstallation=file://{place}/profile", "--headless", "--convert-to", to]
        subprocess.run([*command, "--outdir", str(out), *paths], check=True, capture_output=True, timeout=300)
        suffix = to.partition(":")[0]
        return {name: (out / f"{number}.{suffix}").read_bytes() for number, name in enumerate(files)}
