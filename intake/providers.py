"""The mail providers that are known by name: hosts, ports and habits (facts: provider help pages and client bug reports).

In: a name from the configuration, or an address. Out: `settings.Provider`. A pure table: nothing here opens a socket.
`send_id` follows RFC 2971; NetEase answers "Unsafe Login" to SELECT and EXAMINE without it.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from intake.settings import Provider

# NetEase runs one system (Coremail) under three names. Folder names are those of its web mail; forms land in the
# junk-like ones, which carry no special use (LIST of 126.com and 163.com as published in client bug reports).
_NETEASE = Provider(
    name="",
    imap_host="",
    imap_port=993,
    smtp_host="",
    smtp_port=465,
    send_id=True,
    files_sent_copies=True,
    sent_folder="已发送",
    extra_folders=("垃圾邮件", "广告邮件", "订阅邮件", "病毒邮件", "病毒文件夹"),
)

# Tencent drops the connection on a command it does not know: ID only where it is advertised (the session looks).
# Whether a copy of SMTP-sent mail is filed is a switch in the web mail, off by default: no witness to rely on.
_TENCENT = Provider(
    name="",
    imap_host="",
    imap_port=993,
    smtp_host="",
    smtp_port=465,
    send_id=False,
    files_sent_copies=False,
    sent_folder="Sent Messages",
    extra_folders=("Junk",),
)


def _named(base: Provider, name: str, imap_host: str, smtp_host: str) -> Provider:
    return replace(base, name=name, imap_host=imap_host, smtp_host=smtp_host)


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "126": _named(_NETEASE, "126", "imap.126.com", "smtp.126.com"),
        "163": _named(_NETEASE, "163", "imap.163.com", "smtp.163.com"),
        "yeah": _named(_NETEASE, "yeah", "imap.yeah.net", "smtp.yeah.net"),
        "qq": _named(_TENCENT, "qq", "imap.qq.com", "smtp.qq.com"),
        "exmail": _named(_TENCENT, "exmail", "imap.exmail.qq.com", "smtp.exmail.qq.com"),
        "aliyun": Provider(
            name="aliyun",
            imap_host="imap.qiye.aliyun.com",
            imap_port=993,
            smtp_host="smtp.qiye.aliyun.com",
            smtp_port=465,
            send_id=False,
            files_sent_copies=False,
            sent_folder="已发送",
            extra_folders=("垃圾邮件",),
        ),
        # Any other server: the configuration names the hosts, special use tells the folders.
        "generic": Provider(
            name="generic",
            imap_host="",
            imap_port=993,
            smtp_host="",
            smtp_port=465,
            send_id=False,
            files_sent_copies=False,
            sent_folder="Sent",
            extra_folders=("Junk",),
        ),
    }
)

_BY_DOMAIN: Mapping[str, str] = MappingProxyType(
    {"126.com": "126", "163.com": "163", "yeah.net": "yeah", "qq.com": "qq", "foxmail.com": "qq"}
)


def provider_of(address: str) -> Provider:
    """Given a mail address, return the profile of its domain, for example "126" for ``office@126.com``; else generic.

    Enterprise mailboxes live under the office's own domain and can't be told by it: those are named in the config.
    """
    return PROVIDERS[_BY_DOMAIN.get(address.rpartition("@")[2].lower(), "generic")]
