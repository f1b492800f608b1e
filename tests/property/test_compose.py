"""Laws of composing: nothing raises, nothing injects, everything comes back as it went in."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header

from hypothesis import example, given
from hypothesis import strategies as st

from intake.compose import Attachment
from parsers.text import clean
from tests.builders.mailing import raw_letter

anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)  # lone surrogates and controls included
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Intake-Id",
    "MIME-Version",
    "Content-Type",
]


def one_line(text, limit):
    return " ".join(clean(text).split())[:limit].rstrip()


@given(
    subject=anything,
    name=anything,
    body=anything,
    reply=anything,
    references=st.lists(anything, max_size=4),
    file=anything,
)
@example(subject="=?utf-8?b?*?=", name="a@b, c", body=".\r\n.", reply="<a@b>", references=["<a@b>\n"], file="=?x?q?a?=")
def test_nothing_in_a_letter_can_add_or_change_a_header(subject, name, body, reply, references, file):
    raw = raw_letter(
        subject=subject,
        sender_name=name,
        body=body,
        in_reply_to=reply,
        references=references,
        attachments=[Attachment(file, file, b"data")],
    )
    raw.decode("ascii")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    letter = message_from_bytes(raw, policy=policy.default)
    assert [key for key in letter.keys() if key not in ("In-Reply-To", "References")] == HEADERS  # noqa: SIM118
    assert [one.addr_spec for one in letter["To"].addresses] == ["unit@example.org"]
    assert len(letter["From"].addresses) == 1
    content, attached = letter.iter_parts()
    assert len(list(content.iter_parts())) == 2
    assert attached.get_content() == b"data"


@given(subject=anything, body=anything)
def test_subject_and_body_come_back_as_they_were_cleaned(subject, body):
    letter = message_from_bytes(raw_letter(subject=subject, body=body), policy=policy.default)
    assert str(letter["Subject"]) == one_line(subject, 200)
    text, _ = letter.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == clean(body).rstrip("\n") + "\n"


@given(name=anything)
def test_the_display_name_comes_back_as_it_was_cleaned(name):
    # By the older decoder: policy.default (3.11.7) leaves a blank between two encoded words of a name (RFC 2047 §6.2).
    words = message_from_bytes(raw_letter(sender_name=name))["From"].rpartition("<")[0].strip()
    assert str(make_header(decode_header(words))) == one_line(name, 60)
