"""Find 超大附件: a link where a file should be. It is told to sender and clerk, and never followed.

In: a body's page or its plain text. Out: `CloudLink`s. Recognised by host, by the markup of the mail programs, by their
words (facts/mail.md §1.4).
"""

import re
from urllib.parse import urlsplit

from intake.model import CloudLink
from intake.page import Anchor, Page

# Host (or a parent domain of it) and the beginning of the path.
_PLACES = (
    # what mail programs put where a large attachment was
    ("mail.163.com", "/large-attachment-download"),
    ("mail.126.com", "/large-attachment-download"),
    ("mail.yeah.net", "/large-attachment-download"),
    ("dashi.163.com", "/html/cloud-attachment-download"),
    ("fs.163.com", "/"),
    ("u.163.com", "/"),
    ("wx.mail.qq.com", "/ftn"),
    ("mail.qq.com", "/cgi-bin/ftn"),
    ("exmail.qq.com", "/cgi-bin/ftn"),
    ("wx.mail.qq.com", "/s?"),
    ("mail.aliyun.com", "/attachment"),
    ("mail.139.com", "/largeattach"),
    ("drive.139.com", "/"),
    # network disks that people paste by hand
    ("pan.baidu.com", "/s"),
    ("yun.baidu.com", "/s"),
    ("share.weiyun.com", "/"),
    ("cloud.189.cn", "/"),
    ("caiyun.139.com", "/"),
    ("yun.139.com", "/"),
    ("alipan.com", "/s"),
    ("aliyundrive.com", "/s"),
    ("pan.quark.cn", "/s"),
    ("kdocs.cn", "/"),
    ("docs.qq.com", "/"),
    ("lanzou.com", "/"),
)
_MARKS = re.compile(r"bigattach|qqmailbgattach|QQMailBigAttach|cloud-?attach|large-?attach", re.IGNORECASE)
# Words of the mail programs around such a link. A person who writes about one uses other words.
_WORDS = re.compile(
    "(?:从|从网易|来自|通过).{0,12}(?:发来|发送)的超大附件|(?:网易|QQ邮箱|139邮箱).{0,6}(?:超大附件|云附件|中转站)"
)
_URL = re.compile(r"https?://[^\s<>\"'\u3000-\u303f\uff00-\uffef]{1,500}")
_LINKS = 20


def links_in_page(page: Page, start: int, end: int) -> tuple[CloudLink, ...]:
    """Given a page, return the cloud links that stand between two offsets of its HTML."""
    found = [
        CloudLink(anchor.text if not anchor.text.startswith("http") else "", _host(anchor.href))
        for anchor in page.anchors
        if start <= anchor.offset < end and _is_cloud(anchor)
    ]
    return _with_words(found, page.text(start, end))


def links_in_text(text: str) -> tuple[CloudLink, ...]:
    """Given plain text, return the cloud links in it; their names are not known."""
    found = [CloudLink("", _host(url)) for url in _URL.findall(text) if _leads_to_cloud(url)]
    return _with_words(found, text)


def _with_words(found: list[CloudLink], text: str) -> tuple[CloudLink, ...]:
    """The words alone tell that a file is missing, even where the link was lost."""
    if not found and any(_WORDS.search(line[:500]) for line in text.split("\n")):
        found = [CloudLink("", "")]
    return tuple(dict.fromkeys(found))[:_LINKS]


def _is_cloud(anchor: Anchor) -> bool:
    return bool(_host(anchor.href)) and (_MARKS.search(anchor.marks) is not None or _leads_to_cloud(anchor.href))


def _leads_to_cloud(url: str) -> bool:
    host = _host(url)
    if not host:
        return False
    _, _, path = url.partition("//")[2].partition("/")
    return any(
        (host == place or host.endswith("." + place)) and ("/" + path).lower().startswith(prefix)
        for place, prefix in _PLACES
    )


def _host(url: str) -> str:
    """The host of a web address in lower case, or ""."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and re.fullmatch(r"[a-z0-9.-]{1,253}", host) else ""
