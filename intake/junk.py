"""Mail out of junk-like folders (垃圾邮件, 广告邮件, 订阅邮件): forms land there by a filter's mistake, and so does spam. Pure.

From a stranger, without a form, it is spam: nobody is told, nobody is asked, for an answer would confirm our address to
the spammer. With a form, a person confirms it first. From a sender we know it counts as if it had come to the inbox.
"""

from dataclasses import replace

from intake.model import Assessment, Disposition
from intake.settings import Mailbox

_IGNORED = "在垃圾邮件类文件夹中，未见报送材料"
_TO_CONFIRM = "来件在垃圾邮件类文件夹中，请核实是否确为单位报送"


def is_junk_folder(folder: str, mailbox: Mailbox) -> bool:
    """Return whether a watched folder is one that the office did not name itself."""
    return folder not in mailbox.folders


def as_junk(assessment: Assessment, *, known_sender: bool) -> Assessment:
    """Given what a mail from a junk-like folder amounts to, return what that means there.

    `known_sender`: the address stands on the roster, or a form from it was accepted before; then it counts as ever.
    """
    if known_sender:
        return assessment
    if not assessment.submissions and not assessment.no_intent:
        return Assessment(Disposition.IGNORED, (_IGNORED, *assessment.reasons))
    return replace(
        assessment,
        disposition=Disposition.REVIEW,
        reasons=(_TO_CONFIRM, *assessment.reasons),
        submissions=tuple(replace(one, review=True) for one in assessment.submissions),
        no_intent=(),
    )
