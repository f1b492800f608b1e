"""待核实: the list, one item, what a clerk does about it, and what a second clerk meets; without a browser."""

from tests.web.conftest import STONE

FOREIGN = "某某公司"


def number_of(served, address: str = "someone@example.net") -> int:
    """The number of the mail that came from there."""
    with served.app.bench.reading() as record:
        rows = record.connection().exec_driver_sql("SELECT id, from_address FROM messages").all()
    return next(number for number, sender in rows if sender == address)


def test_the_list_tells_who_wrote_what_and_why_a_person_must_look(served):
    told = served.client.get("/review").text
    assert "s***@example.net" in told
    assert "someone@example.net" not in told
    assert "报送" in told
    assert f"单位名称“{FOREIGN}”" in told
    assert "联络员反馈表" in told
    assert "单位未能对应" in told
    assert STONE not in told
    assert f"/review/{number_of(served)}" in told


def test_the_list_leaves_out_the_forms_that_are_not_asked_for(served):
    assert "s***@example.net" in served.client.get("/review?form=liaison").text
    other = served.client.get("/review?form=registration").text
    assert "s***@example.net" not in other
    assert "这一份表没有待核实的来信" in other
    assert served.client.get("/review?form=%3Cb%3E").status_code == 200
