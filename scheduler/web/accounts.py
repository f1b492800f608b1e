"""Who may log in: names and hashed passwords in a file beside the record, and the throttle against guessing.

In: a name and a password. Out: yes or no, later each time it is no. There is no default account and no default
password: `intake desk user NAME` makes one. The file is mode 0600; passwords are hashed by scrypt (werkzeug's default,
N=2^15, r=8, p=1), a form that carries its own parameters, so that they can be raised later.
"""

import json
import os
import tempfile
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from intake.errors import OfficeError, system_words

FILE = "desk-users.json"
SHORTEST = 8
_LONGEST = 200  # a megabyte of password would be hashed too
_FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
_REMEMBERED = 1_000  # names and addresses that failed; a flood of new ones forgets the oldest
_NOBODY = generate_password_hash("nobody has this password")  # so that an unknown name takes as long as a known one


class Accounts:
    """The accounts of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def names(self) -> tuple[str, ...]:
        """Return who may log in. Raise OfficeError if the file can't be read."""
        return tuple(self._hashes())

    def is_right(self, name: str, password: str) -> bool:
        """Given a name and a password, return whether they belong together. It takes some 50 ms in any case."""
        held = self._hashes().get(name)
        fits = check_password_hash(held or _NOBODY, password[:_LONGEST])
        return held is not None and fits

    def fingerprint(self, name: str) -> str:
        """Return what changes with the password of `name`; "" if there is no such account: its sessions end."""
        held = self._hashes().get(name)
        return "" if held is None else sha256(held.encode()).hexdigest()[:16]

    def put(self, name: str, password: str) -> None:
        """Make an account or give it a new password. Raise OfficeError if either is not fit."""
        if not 1 <= len(name) <= 32 or not name.isprintable() or name != name.strip():
            raise OfficeError("用户名请用 1 到 32 个字，前后没有空格。")
        if not SHORTEST <= len(password) <= _LONGEST:
            raise OfficeError(
                f"密码请用 {SHORTEST} 到 {_LONGEST} 个字符。谁登录进来都能放行和取消信件，请不要用太简单的。"
            )
        self._write(self._hashes() | {name: generate_password_hash(password)})

    def remove(self, name: str) -> bool:
        """Take an account away. Return whether there was one."""
        hashes = self._hashes()
        there = hashes.pop(name, None) is not None
        if there:
            self._write(hashes)
        return there

    def _hashes(self) -> dict[str, str]:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(name): str(hashed) for name, hashed in held.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise OfficeError(
                f"登录用户文件读不了：{self._path}（{type(error).__name__}）。网页暂时无法登录，收信发信不受影响。"
                "请删除这个文件，再用 intake desk user 重新设置用户。"
            ) from error

    def _write(self, hashes: dict[str, str]) -> None:
        try:
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=FILE, suffix=".tmp")  # mode 0600
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(hashes, file, ensure_ascii=False, indent=1)
            Path(name).replace(self._path)
        except OSError as error:
            raise OfficeError(
                f"登录用户没有保存：{self._path}（{system_words(error)}）。请检查数据文件夹的权限。"
            ) from error


class Throttle:
    """Counts failed logins by name and by address; after some each further one has to wait, twice as long each time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait_until(self, keys: tuple[str, ...], now: datetime) -> datetime | None:
        """Return until when no password is looked at, None if one may be tried now."""
        with self._lock:
            waits = [self._until(*self._failures[key]) for key in keys if key in self._failures]
        latest = max((one for one in waits if one is not None), default=None)
        return latest if latest is not None and latest > now else None

    def failed(self, keys: tuple[str, ...], now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            for key in keys:
                count, _ = self._failures.pop(key, (0, now))
                self._failures[key] = (count + 1, now)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Forget the failures."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    @staticmethod
    def _until(count: int, at: datetime) -> datetime | None:
        if count < _FREE_TRIES:
            return None
        return at + min(_FIRST_WAIT * (1 << min(count - _FREE_TRIES, 10)), _LONGEST_WAIT)
