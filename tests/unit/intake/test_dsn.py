"""A delivery report names recipient, action, status and the letter that came back."""

from intake.dsn import delivery_reports
from intake.model import DeliveryReport
from intake.structure import walk
from tests.builders.mail import attached, bounce, mail, multipart, part, text

LETTER = mail(text("催报"), message_id="<letter-42@example.org>")


def reports(raw):
    return delivery_reports(walk(raw))


def test_a_bounce_names_recipient_action_status_reason_and_letter():
    assert reports(bounce(original=LETTER)) == (
        DeliveryReport("dead@unit.example.com", "failed", "5.1.1", "550 User not found", "<letter-42@example.org>"),
    )


def test_the_letter_is_known_from_its_header_alone():
    header = LETTER.partition(b"\r\n\r\n")[0] + b"\r\n"
    (report,) = reports(bounce(original=header, original_type="text/rfc822-headers"))
    assert report.original_id == "<letter-42@example.org>"


def test_a_delay_is_told_as_one():
    assert reports(bounce(action="Delayed (will retry)", status="4.4.1"))[0].action == "delayed"


def test_without_the_letter_its_id_is_empty():
    assert reports(bounce())[0].original_id == ""


def status(fields):
    return reports(mail(multipart("report", text("x"), part("message/delivery-status", fields, encoding="base64"))))


def test_several_recipients_are_several_reports():
    fields = b"Reporting-MTA: dns; x\n\n" + b"\n\n".join(
        f"Final-Recipient: rfc822; u{number}@example.com\nAction: failed\nStatus: 5.1.1".encode() for number in range(3)
    )
    assert [report.recipient for report in status(fields)] == ["u0@example.com", "u1@example.com", "u2@example.com"]


def test_one_group_for_message_and_recipient_is_read_too():
    (report,) = status(
        b"Reporting-MTA: dns; x\r\nFinal-Recipient: RFC822;<U@Example.com>\r\nAction: failed\r\nStatus: 5.2.2 full\r\n"
    )
    assert (report.recipient, report.status) == ("u@example.com", "5.2.2")


def test_a_recipient_that_is_no_address_falls_back_to_the_original_one():
    (report,) = status(b"Final-Recipient: x400; c=cn\r\nOriginal-Recipient: rfc822;u@example.com\r\nAction: failed\r\n")
    assert report.recipient == "u@example.com"


def test_a_folded_reason_is_one_line_without_control_characters():
    (report,) = status(
        b"Final-Recipient: rfc822; u@example.com\r\nAction: failed\r\nDiagnostic-Code: smtp; 550\r\n\tno\x1b such\r\n user\r\n"
    )
    assert report.diagnostic == "550 no such user"


def test_a_report_without_sense_is_none():
    assert status(b"") == ()
    assert status(b"\xff\xfe" * 100) == ()
    assert reports(mail(text("x"))) == ()


def test_many_groups_are_bounded():
    assert len(status(b"Final-Recipient: rfc822; u@example.com\r\nAction: failed\r\n\r\n" * 10_000)) == 1


def test_the_report_of_a_bounce_that_somebody_encloses_is_not_the_mails_own():
    assert reports(mail(multipart("mixed", text("这是退信"), attached(bounce(original=LETTER))))) == ()
