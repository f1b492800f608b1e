"""A site as an office has it on disk: config.toml, roster.csv, the password file; for tests of the commands themselves."""

import re
from pathlib import Path

from intake.config import example_path
from tests.builders import office


def site(folder: Path, *, imap_port: int, smtp_port: int, mode: str = "auto", password: str = office.PASSWORD) -> Path:
    """Write the example's campaign with loopback servers into `folder` and return the path of config.toml."""
    text = example_path().read_text(encoding="utf-8")
    secret = folder / "code.txt"
    secret.write_text(password)
    secret.chmod(0o600)
    (folder / "roster.csv").write_bytes(office.roster_bytes())
    replaced = {
        r"(?m)^password_file = .*$": f'password_file = "{secret.name}"',
        r"(?m)^mode = .*$": f'mode = "{mode}"',
        r'(?m)^file = "roster\.xlsx".*$': 'file = "roster.csv"',
        r"(?m)^addresses = \[.*$": f'addresses = ["{office.CLERK}"]',
        r"(?m)^pause_s = .*$": "pause_s = 0",
        r"(?m)^interval_s = .*$": "interval_s = 60",
        r"(?m)^port = 8026.*$": "# no desk: several sites run side by side in tests",
    }
    for pattern, value in replaced.items():
        text, found = re.subn(pattern, value, text, count=1)
        if not found and "pause_s" not in pattern:
            raise AssertionError(f"config.example.toml has no line {pattern}")
    servers = (
        f'imap_host = "127.0.0.1"\nimap_port = {imap_port}\nimap_security = "none"\n'
        f'smtp_host = "127.0.0.1"\nsmtp_port = {smtp_port}\nsmtp_security = "none"\n'
    )
    text = text.replace("[mailbox]\n", f"[mailbox]\n{servers}", 1)
    config = folder / "config.toml"
    config.write_text(text, encoding="utf-8")
    return config
