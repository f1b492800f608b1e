"""What the server refused is told in the 日报: how many of the letters that wait, and why an address bounced, without its words."""

from scheduler.demo.sink import Answer, Rule, Stage
from tests.builders import office
from tests.rig.clerk import SANDS, SCHOOLS, TOWN

WORDS = "see Lin Xiaoman 13912345678"


def line(desk, beginning: str) -> str:
    return next((one for one in desk.digest().splitlines() if one.startswith(f"　{beginning}")), "")


def test_of_the_letters_that_wait_it_is_told_how_many_the_server_refused(desk):
    desk.place.sink.script(Rule(Stage.CONTENT, Answer(f"554 DT:SPM {WORDS}".encode()), times=2))
    desk.receives_form(TOWN)
    assert "待放行1封（其中1封被邮件服务器拒收，原因见发件箱）" in line(desk, "发件箱")
    desk.receives_form(SANDS)
    assert "待放行2封（其中2封被邮件服务器拒收，原因见发件箱）" in line(desk, "发件箱")
    assert "2 封给单位的信没有送出" in line(desk, "留意")
    assert "13912345678" not in desk.digest()


def test_what_waits_for_its_first_release_is_not_called_refused(desk):
    desk.place.sink.script(Rule(Stage.CONTENT, Answer(b"554 DT:SPM"), times=1))
    desk.receives_form(TOWN)
    with desk.bench.sessions.begin() as session:
        session.connection().exec_driver_sql("UPDATE outbox SET attempt = 0")
    assert "待放行1封，" in line(desk, "发件箱")


def test_why_an_address_bounced_is_told_without_the_words_of_its_server(desk):
    desk.place.sink.script(Rule(Stage.RCPT, Answer(f"550 User not found, {WORDS}".encode()), times=1))
    desk.receives_form(SCHOOLS)
    told = line(desk, f"{SCHOOLS}的邮箱")
    assert f"{office.UNITS[SCHOOLS]}退信（550，收件地址不存在或已停用）" in told
    assert "Lin" not in desk.digest()
