"""The way out that is no mail: one HTTP call to a group robot or a dead man's switch (urllib is at home here).

In: a secret URL, a text. Out: a `Reply`: whether it was taken, and the answer in words that hold nothing of the URL. It
never raises for what a server or a network does, and it is over after ten seconds whatever happens: urllib's timeout is
that of one read, so the call runs in a thread of its own whose connection is cut at the deadline.

TLS is verified, redirects are not followed (they would carry the token elsewhere), 4 KB of the answer are read. Standards
and pages: RFC 9110; the robots' manuals (developer.work.weixin.qq.com/document/path/91770, open.dingtalk.com "自定义机器人",
open.feishu.cn "自定义机器人使用指南"); healthchecks.io/docs/signaling_failures. A robot answers 200 to what it refuses and
says so in a code of its JSON.
"""

import http.client
import json
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from intake.settings import Secret

DEADLINE_S = 10.0
_ANSWER_BYTES = 4_096
_SHOWN = 160  # characters of an answer that people are shown
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Pieces of a URL that are tokens and not words of its address ("send", "webhook", "cgi-bin").
_TOKEN = re.compile(r"(?=.*[0-9A-Z]).{6,}|.{16,}", re.DOTALL)


class Outcome(StrEnum):
    """Whether the other side has it."""

    TAKEN = "taken"
    REFUSED = "refused"  # surely not
    UNKNOWN = "unknown"  # cut in the middle: it may have it


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call; `words` for people, without the URL's secret."""

    outcome: Outcome
    words: str


# --- what is said to whom --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Robot:
    name: str
    body: Callable[[str], Mapping[str, object]]
    code_keys: tuple[str, ...] = ()  # where its JSON says how it went; 0 is well


def _msgtype_text(text: str) -> Mapping[str, object]:
    return {"msgtype": "text", "text": {"content": text}}


def _feishu_text(text: str) -> Mapping[str, object]:
    return {"msg_type": "text", "content": {"text": text}}


_FEISHU = _Robot("飞书群机器人", _feishu_text, ("code", "StatusCode"))
_ROBOTS: Mapping[str, _Robot] = {
    "qyapi.weixin.qq.com": _Robot("企业微信群机器人", _msgtype_text, ("errcode",)),
    "oapi.dingtalk.com": _Robot("钉钉群机器人", _msgtype_text, ("errcode",)),
    "open.feishu.cn": _FEISHU,
    "open.larksuite.com": _FEISHU,
}
_ANY_OTHER = _Robot("Webhook", lambda text: {"text": text})


def _robot(url: Secret) -> _Robot:
    return _ROBOTS.get(host_of(url), _ANY_OTHER)


def host_of(url: Secret) -> str:
    """Return the host of a URL: the one part of it that may be shown."""
    return (urlsplit(url.reveal()).hostname or "").lower()


def robot_name(url: Secret) -> str:
    """Return whose robot stands behind a webhook's URL, as people call it."""
    return _robot(url).name


def webhook_body(url: Secret, text: str) -> bytes:
    """Given a webhook's URL and a text, return the message in the form that its host takes."""
    return json.dumps(_robot(url).body(text), ensure_ascii=False).encode()


def ping_address(url: Secret, suffix: str) -> Secret:
    """Given the URL of a dead man's switch, return it with a suffix such as "/fail" to its path."""
    parts = urlsplit(url.reveal())
    return Secret(urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix))) if suffix else url


# --- the call --------------------------------------------------------------------------------------------------------


class Call:
    """One call, made once. `cancel` may come from another thread and ends it at once."""

    def __init__(
        self, url: Secret, text: str | None, *, seconds: float = DEADLINE_S, tls: ssl.SSLContext | None = None
    ) -> None:
        """Given a URL, prepare to POST `text` to it in the form of its host, or to GET it if `text` is None.

        `tls` replaces the system's authorities.
        """
        self._url = url
        self._text = text
        self._seconds = seconds
        self._tls = tls
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None  # a second handle on the connection: TLS takes the first one away
        self._reply = Reply(Outcome.UNKNOWN, f"{seconds:g} 秒内没有答复")

    def run(self) -> Reply:
        """Make the call and return what came of it, after the deadline at the latest."""
        threading.Thread(target=self._work, name="channel", daemon=True).start()
        self._over.wait(self._seconds)
        self.cancel()
        with self._lock:
            return self._reply

    def cancel(self) -> None:
        """End the call: the one that waits in it goes on at once."""
        self._over.set()
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _work(self) -> None:
        try:
            reply = self._exchange()
        except Exception as error:  # noqa: BLE001 - the last frame of its thread; messages may quote the URL, so only words
            reply = _failed(error)
        finally:
            with self._lock:
                handle, self._socket = self._socket, None
            if handle is not None:
                handle.close()
        with self._lock:
            if not self._over.is_set():
                self._reply = reply
        self._over.set()

    def _exchange(self) -> Reply:
        body = None if self._text is None else webhook_body(self._url, self._text)
        headers = {"User-Agent": "form-intake", "Accept": "application/json, text/plain;q=0.9, */*;q=0.1"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        # S310 guards against file: and the like; the configuration takes https alone (http on loopback)
        request = urllib.request.Request(self._url.reveal(), data=body, headers=headers)  # noqa: S310
        try:
            with self._opener().open(request, timeout=self._seconds) as answer:
                return self._judged(answer.status, answer.read(_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return self._judged(error.code, error.read(_ANSWER_BYTES))

    def _opener(self) -> urllib.request.OpenerDirector:
        opener = urllib.request.OpenerDirector()
        # an office behind a proxy has it in its environment, as for every program; loopback never goes through one
        proxies: dict[str, str] | None = {} if host_of(self._url) in _LOOPBACK else None
        for handler in (
            urllib.request.ProxyHandler(proxies),
            _Http(self._watched),
            _Https(self._watched, self._tls),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),  # no handler of redirects: they are an error like another
        ):
            opener.add_handler(handler)
        return opener

    def _watched(
        self, address: tuple[str, int], timeout: float | None = None, source_address: tuple[str, int] | None = None
    ) -> socket.socket:
        """Connect as `socket.create_connection` does, and keep a handle by which the connection can be cut."""
        connected = socket.create_connection(address, timeout, source_address)
        with self._lock:
            if self._over.is_set():  # a name server that took its time
                connected.close()
                raise TimeoutError
            self._socket = connected.dup()
        return connected

    def _judged(self, status: int, answer: bytes) -> Reply:
        shown = self._shown(answer)
        if 300 <= status < 400:
            return Reply(Outcome.REFUSED, f"服务器回答 {status}，要求转到别的网址；程序不跟随，请填写最终的网址")
        words = f"服务器回答 {status}" + (f"：{shown}" if shown else "")
        well = 200 <= status < 300 and (self._text is None or _code_is_well(answer, _robot(self._url).code_keys))
        return Reply(Outcome.TAKEN if well else Outcome.REFUSED, words)

    def _shown(self, answer: bytes) -> str:
        """Return an answer for people: one line, cut, and without what it may repeat of the URL."""
        text = answer.decode(errors="replace")
        for secret in _secrets(self._url):
            text = text.replace(secret, "****")
        return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:_SHOWN]


def _secrets(url: Secret) -> list[str]:
    """Return the pieces of a URL that nobody may see, longest first."""
    whole = url.reveal()
    parts = urlsplit(whole)
    pieces = [whole, parts.query, *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    pieces += [unquote(piece) for piece in pieces]
    return sorted({piece for piece in pieces if _TOKEN.fullmatch(piece)}, key=len, reverse=True)


def _code_is_well(answer: bytes, keys: tuple[str, ...]) -> bool:
    """Return whether a robot's JSON says that it took the message; anything else from a robot says it did not."""
    if not keys:
        return True
    try:
        told = json.loads(answer)
    except ValueError:
        return False
    found = [told[key] for key in keys if key in told] if isinstance(told, dict) else []
    return bool(found) and all(code == 0 for code in found)


def _failed(error: Exception) -> Reply:
    """Return an error of the library in words. Its own are never shown: InvalidURL, for one, quotes the URL."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    match error:
        case ssl.SSLCertVerificationError():
            return Reply(
                Outcome.REFUSED, "服务器的证书不可信，没有发送。请核对网址；单位网络若替换证书，请联系网络管理员"
            )
        case ssl.SSLError():
            return Reply(Outcome.REFUSED, "加密连接没有建立。请核对网址和端口")
        case socket.gaierror():
            return Reply(Outcome.REFUSED, "找不到这个服务器的地址。请检查网络、DNS 和网址")
        case ConnectionRefusedError():
            return Reply(Outcome.REFUSED, "服务器拒绝连接。请检查网络和网址")
        case TimeoutError():
            return Reply(Outcome.UNKNOWN, "服务器没有及时答复。请检查网络")
        case http.client.InvalidURL():
            return Reply(Outcome.REFUSED, "网址的写法不对，没有发出。请从服务的页面上整个复制过来")
        case OSError() | http.client.HTTPException():
            return Reply(Outcome.UNKNOWN, f"连接中断或回答不完整（{type(error).__name__}）。请检查网络和网址")
        case _:
            return Reply(Outcome.REFUSED, f"没有发出（{type(error).__name__}）。请核对网址")


# --- urllib with our connections -------------------------------------------------------------------------------------

_Connect = Callable[..., socket.socket]


def _made(kind: Callable[..., http.client.HTTPConnection], connect: _Connect, host: str, **options: Any) -> Any:
    connection = kind(host, **options)
    connection._create_connection = connect  # type: ignore[attr-defined]  # noqa: SLF001 - http.client's seam, 3.11 to 3.14
    return connection


class _Http(urllib.request.HTTPHandler):
    def __init__(self, connect: _Connect) -> None:
        super().__init__()
        self._connect = connect

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_made, http.client.HTTPConnection, self._connect), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, connect: _Connect, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._connect = connect
        self._tls = tls

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        # the default context of Python verifies chain and host name
        context = ssl.create_default_context() if self._tls is None else self._tls
        return self.do_open(partial(_made, http.client.HTTPSConnection, self._connect), req, context=context)
