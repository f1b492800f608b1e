"""Who may log in: names and hashed passwords in a file beside the record, and the throttle against guessing.

In: a name and a password. Out: yes or no, later each time it is no. There is no default account and no default
password: `intake desk user NAME` makes one. The file is mode 0600; passwords are hashed by scrypt (werkzeug's default,
N=2^15, r=8, p=1), a form that carries its own parameters, so that they can be raised later.
"""

import json
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar

from werkzeug.security import check_password_hash, generate_password_hash

from intake.errors import OfficeError
from intake.whole_files import replace_whole

V = TypeVar("V")

FILE = "desk-users.json"
SHORTEST = 8
_LONGEST = 200  # a megabyte of password would be hashed too
_FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
_REMEMBERED = 1_000  # addresses; a flood of new ones forgets the oldest
# Of all addresses together: 300 in a quarter of an hour is one guess in 3 s; one address gets no further than some 10.
_MOST_TOGETHER, _TOGETHER = 300, timedelta(minutes=15)
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
        if password.isdigit() or len(set(password)) < 4:
            raise OfficeError("这个密码太容易猜，没有设置。请不要只用数字（生日、电话号码），也不要总是同几个字符。")
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
        data = json.dumps(hashes, ensure_ascii=False, indent=1).encode()
        replace_whole(self._path, data, what="登录用户文件")


class Throttle:
    """Counts failed logins by the address they come from; after some each further one has to wait, twice as long each time.

    Not by name: then whoever knows a name could keep its owner out. So many guesses from many addresses are met by a brake
    on all together, far above what one address can reach while it waits; it leaves out addresses that somebody has logged
    in from. All of it is in memory: a restart of the program forgets it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lately: deque[datetime] = deque(maxlen=_MOST_TOGETHER)

    def wait_until(self, address: str, now: datetime) -> datetime | None:
        """Return until when no password from there is looked at, None if one may be tried now."""
        key = source_of(address)
        with self._lock:
            until = [self._until(*self._failures[key])] if key in self._failures else []
            if len(self._lately) == _MOST_TOGETHER and key not in self._known:
                until.append(self._lately[0] + _TOGETHER)
        latest = max((one for one in until if one is not None), default=None)
        return latest if latest is not None and latest > now else None

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure."""
        key = source_of(address)
        with self._lock:
            count, _ = self._failures.pop(key, (0, now))
            _put(self._failures, key, (count + 1, now))
            self._lately.append(now)

    def succeeded(self, address: str) -> None:
        """Forget the failures of the address, and know it."""
        key = source_of(address)
        with self._lock:
            self._failures.pop(key, None)
            self._known.pop(key, None)
            _put(self._known, key, None)

    @staticmethod
    def _until(count: int, at: datetime) -> datetime | None:
        if count < _FREE_TRIES:
            return None
        return at + min(_FIRST_WAIT * (1 << min(count - _FREE_TRIES, 10)), _LONGEST_WAIT)


def _put(held: OrderedDict[str, V], key: str, value: V) -> None:
    held[key] = value
    while len(held) > _REMEMBERED:
        held.popitem(last=False)


def source_of(address: str) -> str:
    """Return what counts as one source: of IPv6 the /64, all of which one machine may use (RFC 4291, 2.5.4)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
