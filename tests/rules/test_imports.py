"""The import contracts of the house, as a test: the layers stand in pyproject.toml, [tool.importlinter]."""

import subprocess
import sys
from pathlib import Path


def test_the_import_contracts_are_kept():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
