"""The mark beside the configuration that units have been written to: it outlives the data folder, the Sent folder of some
providers does not tell.

In: settings. Out: a file of four lines, `config.toml.sent`, in words for who finds it. A record in which nothing stands
beside such a mark is one that was lost (`intake.restored`). Of another mailbox or campaign it says nothing. Its failure
stops no letter: the Sent folder is asked as well. The example that comes with the program is no office's: a demo may be
played as often as one likes.
"""

import logging
from pathlib import Path

from intake.config import example_path
from intake.errors import OfficeError
from intake.settings import Settings
from intake.whole_files import replace_whole

log = logging.getLogger(__name__)

_WORDS = (
    "本程序已按这份配置给各单位发过信。请不要删除这个文件；换电脑时和配置文件一起带走。\n"
    "数据文件夹万一不见了，程序凭它知道不是第一次启动，先不发信，以免向各单位重复回信。\n"
)


def path_of(settings: Settings) -> Path:
    """Return where the mark lies."""
    return settings.source.with_name(f"{settings.source.name}.sent")


def is_marked(settings: Settings) -> bool:
    """Return whether units have been written to from this mailbox in this campaign."""
    if _is_example(settings):
        return False
    try:
        return path_of(settings).read_text(encoding="utf-8").endswith(_facts(settings))
    except (OSError, UnicodeError):
        return False


def mark(settings: Settings) -> None:
    """Leave the mark, if it is not there."""
    if _is_example(settings) or is_marked(settings):
        return
    try:
        replace_whole(path_of(settings), (_WORDS + _facts(settings)).encode(), what="已发信的标记")
    except OfficeError as error:
        log.warning("action=first_letter.not_marked error=%s", type(error.__cause__).__name__)


def _is_example(settings: Settings) -> bool:
    return settings.source.resolve() == example_path().resolve()


def _facts(settings: Settings) -> str:
    return f"mailbox = {settings.mailbox.address}\ncampaign = {settings.campaign.id}\n"
