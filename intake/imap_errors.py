"""What a failed IMAP step means and what the office can do about it, as `errors.ServerError`s. Pure.

In: the step, the exception of one of the four families (imap-tools, imaplib error and abort, OSError with ssl and
timeouts), the server's own words. Out: a transient or permanent error with a Chinese sentence: what happened, what it
means, what to do. It never sees the password.
"""

import imaplib
import socket
import ssl
from collections.abc import Sequence
from enum import StrEnum

from intake.errors import PermanentServerError, ServerError, TransientServerError


class Step(StrEnum):
    """Where in a session something failed."""

    CONNECT = "connect"
    LOGIN = "login"
    IDENTIFY = "identify"
    FOLDERS = "folders"
    EXAMINE = "examine"
    LISTING = "listing"
    FETCH = "fetch"


class LoginRefusedError(PermanentServerError):
    """The server does not let us in. Retried at long intervals all the same: some providers say it when they are busy."""


class LoginUnansweredError(TransientServerError):
    """No answer to LOGIN: a wrong password looks like this too (Dovecot's penalty delay), so it rests as long."""


class FolderMissingError(PermanentServerError):
    """The server has no such folder."""


def explain(
    step: Step,
    error: BaseException,
    *,
    server: str,
    answer: str = "",
    folder: str = "",
    folders: Sequence[str] = (),
) -> ServerError:
    """Given what failed and where, return the error to raise. `server` is ``host:port``, `answer` the server's words."""
    words = answer.lower()
    if "unsafe login" in words:
        return PermanentServerError(
            f"邮箱服务器 {server} 认为登录不安全（Unsafe Login），不让读取邮件：它没有收到客户端标识（IMAP ID 命令）。"
            "请把配置中的邮箱服务商（provider）设为 126、163 或 yeah；若已经如此，请在网页邮箱的安全设置中查看拦截记录。",
            answer,
        )
    if step is Step.LOGIN:
        return _login(error, words, server=server, answer=answer)
    if isinstance(error, imaplib.IMAP4.abort | OSError) or step is Step.CONNECT:
        return _connection(error, server=server, answer=answer)
    if step is Step.EXAMINE:
        return _folder(words, folder=folder, folders=folders, answer=answer)
    if isinstance(error, ValueError | TypeError):
        return TransientServerError(f"邮箱服务器 {server} 的回答不符合 IMAP 规定，本轮收件中止，稍后自动重试。", answer)
    return TransientServerError(f"邮箱服务器 {server} 拒绝了收件指令，本轮收件中止，稍后自动重试。", answer)


_LOGIN_PAUSE = "程序会隔几分钟以上再试，不会连续重试。"
_LOGIN_CAUSES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        # Tencent's one sentence for every cause; it names all the others, so it is looked for first.
        ("login frequency limited", "service is not open, password"),
        "没有说明原因（授权码不对、IMAP 未开启、登录太频繁、系统繁忙都用这句话）。请在网页邮箱确认 IMAP 已开启，并核对授权码。",
    ),
    (
        ("frequen", "too many", "too much", "太频繁", "过于频繁", "登录太", "登陆太"),
        "说登录太频繁。请停止其他程序用这个邮箱反复登录，等一段时间会自行恢复。",
    ),
    (
        ("no permission", "not open", "not enabled", "disabled", "未开启", "未开通", "无权"),
        "说这个邮箱没有开启 IMAP 服务。请登录网页邮箱，在“设置 → POP3/SMTP/IMAP”中开启 IMAP/SMTP 服务，再使用那里给出的授权码。",
    ),
    (
        ("password", "auth", "login error", "login fail", "invalid user", "密码", "授权码", "credential"),
        "说授权码不正确或已失效。请注意要填的是授权码，不是网页登录密码；请在网页邮箱重新生成授权码并写入配置，改好后程序会自动使用。",
    ),
)


def _login(error: BaseException, words: str, *, server: str, answer: str) -> ServerError:
    if isinstance(error, TimeoutError):
        return LoginUnansweredError(
            f"邮箱服务器 {server} 对登录没有回答。可能是网络不通，也可能是授权码不对而服务器故意拖延。"
            f"请核对授权码和网络。{_LOGIN_PAUSE}"
        )
    refused = not isinstance(error, imaplib.IMAP4.abort | OSError)
    for marks, meaning in _LOGIN_CAUSES:
        if answer and any(mark in words for mark in marks):
            return LoginRefusedError(f"邮箱服务器 {server} 拒绝登录，{meaning}{_LOGIN_PAUSE}", answer)
    if refused:
        return LoginRefusedError(
            f"邮箱服务器 {server} 拒绝登录。请核对邮箱地址和授权码，并确认网页邮箱中已开启 IMAP 服务。{_LOGIN_PAUSE}",
            answer,
        )
    return LoginUnansweredError(f"邮箱服务器 {server} 在登录时断开了连接。{_LOGIN_PAUSE}", answer)


def _connection(error: BaseException, *, server: str, answer: str) -> ServerError:
    if isinstance(error, ssl.SSLCertVerificationError):
        cause = getattr(error, "verify_message", "")  # set by OpenSSL's own errors only
        return PermanentServerError(
            f"邮箱服务器 {server} 的安全证书没有通过验证（{cause or '原因不明'}），没有发送账号和授权码。"
            "请核对服务器地址和本机时间；若网络要先在网页上登录，请先登录；单位自建的邮箱服务器请在配置中填写 ca_file。"
        )
    if isinstance(error, ssl.SSLError):
        return TransientServerError(
            f"与邮箱服务器 {server} 建立加密连接失败。请核对端口（IMAP 加密端口一般是 993）；稍后会自动重试。",
            getattr(error, "reason", None) or "",
        )
    if isinstance(error, socket.gaierror):
        return TransientServerError(
            f"找不到邮箱服务器 {server}：域名解析失败。请检查本机网络和服务器地址；网络恢复后会自动继续。"
        )
    if isinstance(error, TimeoutError):
        return TransientServerError(
            f"邮箱服务器 {server} 没有在规定时间内回答，本轮收件中止，稍后自动重试。来件仍在邮箱里。"
        )
    if isinstance(error, ConnectionRefusedError):
        return TransientServerError(f"邮箱服务器 {server} 拒绝连接。请检查服务器地址、端口和防火墙；稍后会自动重试。")
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort):
        return TransientServerError(
            f"邮箱服务器 {server} 没有按 IMAP 规定应答。请核对地址和端口；稍后会自动重试。", answer
        )
    reason = error.strerror or "" if isinstance(error, OSError) else ""
    return TransientServerError(
        f"与邮箱服务器 {server} 的连接中断，本轮收件中止，稍后自动重试。来件仍在邮箱里。", answer or reason
    )


def _folder(words: str, *, folder: str, folders: Sequence[str], answer: str) -> ServerError:
    if folders and folder not in folders and folder.upper() != "INBOX":
        return folder_missing(folder, folders, answer)
    if "nonexist" in words or "not exist" in words or "doesn't exist" in words:
        return folder_missing(folder, folders, answer)
    return PermanentServerError(f"邮箱服务器不让打开文件夹“{folder}”。请在网页邮箱查看这个文件夹是否正常。", answer)


def folder_missing(folder: str, folders: Sequence[str], answer: str = "") -> FolderMissingError:
    """Given a folder that is not there and those that are, return the error that names them."""
    return FolderMissingError(
        f"邮箱里没有文件夹“{folder}”，这个文件夹里的来件收不到。请核对配置中的 folders；"
        f"邮箱里现有的文件夹：{'、'.join(folders) or '（无）'}。",
        answer,
    )
