"""The morning's office with more mails on the clerk's desk, for the tests of 待核实."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office, pdf
from tests.builders.word import zipped
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import SANDS, STONE, Client, Served

QUESTION, DOUBTFUL, HOSTILE, PACKED, WORDS = 3, 4, 5, 6, 7
STRANGER = "somebody@mail.example.net"
LONG = "长" * 10_000
TAGS = "<script>document.title='x'</script><img src=x onerror=alert(1)>\"'><b>"
BIDI = "\u202e\u2066\u0007\u0000\u200b"


@contextmanager
def desk_with(morning: Path, folder: Path, *mails: bytes) -> Iterator[Served]:
    """Given the morning's data and mails, yield the desk after they were read, logged in."""
    with Office(folder / "data", office.START + timedelta(hours=2), template=morning) as place:
        app = place.open()
        for raw in mails:
            place.deliver(raw, STRANGER)
            place.pass_time(timedelta(minutes=5))
            a_round(app)  # one by one: the newest would get the first number
        application = make_application(app)
        client = Client(application)
        client.log_in()
        with serving(application, port=0) as port:
            yield Served(app, f"http://127.0.0.1:{port}", client)


def several_mails() -> list[bytes]:
    """One mail of each kind: a doubtful value, hostile texts, an archive, a question. They get the numbers 4 to 7."""
    doubtful = office.liaison(STONE, name="林小满、李四", address="")
    files = {"甲.docx": office.liaison(SANDS), "说明.pdf": pdf.file(pdf.text(100, 700, "说明"))}
    packed = zipped(files | {"乙.docx": office.liaison("某某管理处", mobile="13900000007")})
    return [
        office.mail(STRANGER, "联络员表", attachment=doubtful, number=10),
        hostile_mail(11),
        office.mail(STRANGER, "两份", attachment=packed, name="报送.zip", number=12),
        office.mail(STRANGER, "请问", text="请问表里的单位公章必须盖吗？\n", number=13),
    ]


def hostile_mail(number: int = 20) -> bytes:
    """A mail in which every text is as bad as a text can be."""
    form = office.liaison(
        "某某公司" + TAGS, name=TAGS, position=LONG[:9_000], address=BIDI + TAGS, office_phone=TAGS, mobile="1" * 3_000
    )
    return office.mail(
        STRANGER,
        "报送" + TAGS + BIDI.replace("\0", ""),
        text=TAGS + "\n" + LONG + "\n" + "x" * 10_000 + "\n" + BIDI,
        attachment=form,
        name="表" + "<b>长名" * 40 + ".docx",
        number=number,
    )
