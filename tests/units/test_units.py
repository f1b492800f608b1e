"""Names of units as people write them: a small draw of what `python -m tests.units` measures at length."""

from dataclasses import replace

import pytest

from intake.model import UnitName
from intake.roster import Roster, Unit
from tests.units.__main__ import main
from tests.units.judge import judge, measure
from tests.units.rosters import draw_roster
from tests.units.thresholds import THRESHOLDS, with_value
from tests.units.writing import Written, names, phrases


def roster(*units):
    return Roster(
        tuple(Unit(UnitName(name), order=order) for order, name in enumerate(units, start=1)), "临州云台投资区"
    )


def test_no_writing_is_silently_taken_for_another_unit_and_plain_ones_are_told():
    tally = measure(f"short/{number}" for number in range(4))
    assert [(written.text, taken) for _, written, taken in tally.wrong] == []
    for kind in ("as on the roster", "without the region", "a remark in brackets", "as on a seal or a line", "spread"):
        assert tally.counts[kind]["asked"] == 0, kind
    assert tally.all["right"] > 3 * tally.all["asked"]


@pytest.mark.parametrize(
    ("on_it", "written"),
    [
        ("洛湖镇中心小学", "洛湖小学"),
        ("洛湖镇中心小学", "洛湖中学"),
        ("洛湖镇第二中心小学", "洛湖镇中心小学"),
        ("洛湖镇西岭村民委员会", "洛湖村委会"),
        ("东店第二中学", "临州云台投资区第二中学"),
        ("洛湖镇卫生院", "卫生院"),
        ("临州恒达箱包有限公司", "恒达公司"),
        ("国家税务总局临州云台投资区税务局", "云务局"),
        ("石岭镇人民政府", "石镇人民政府"),
    ],
)
def test_a_place_is_not_another_whose_name_holds_its_own(on_it, written):
    assert not roster(on_it).match(written).certain


@pytest.mark.parametrize(
    ("on_it", "written"),
    [
        ("洛湖镇中心小学", "洛湖中心小学"),
        ("洛湖镇西岭村民委员会", "洛湖镇西岭村"),
        ("洛湖镇西岭村民委员会", "西岭村委会"),
        ("石山镇海林社区居民委员会", "海林社区"),
        ("国网东山省电力有限公司临州云台投资区供电公司", "国网云台供电公司"),
        ("临州云台投资区第一实验小学", "第1实验小学"),
        ("临州云台投资区财政局", "单位：财政局 盖章"),
        ("临州云台投资区财政局", "财政局\n2025年5月29日"),
    ],
)
def test_what_leaves_out_nothing_that_tells_bodies_apart_is_certain(on_it, written):
    match = roster(on_it).match(written)
    assert (match.unit and match.unit.name, match.certain) == (on_it, True)


@pytest.mark.parametrize(
    "text",
    [
        "财政局工会总结",
        "财政局机关服务中心联络员表",
        "石桥综合执法与财政局总结",
        "南泉经济技术开发区财政局总结",
        "石桥财政局总结",
    ],
)
def test_a_body_within_a_unit_or_abroad_is_not_found_in_a_text(text):
    assert roster("临州云台投资区财政局").find_in(text) == ()


@pytest.mark.parametrize(
    "text", ["财政局总结", "报送区财政局反馈表", "财政局2025年中心工作总结", "云台投资区财政局关于服务中心的函"]
)
def test_a_unit_is_found_in_a_text_without_its_region(text):
    assert [unit.name for unit in roster("临州云台投资区财政局").find_in(text)] == ["临州云台投资区财政局"]


def test_the_judge_tells_right_asked_and_wrong_apart():
    own = roster("临州云台投资区财政局", "临州云台投资区审计局")
    finance = own.units[0].name
    assert judge(own, Written("", "财政局", finance))[0] == "right"
    assert judge(own, Written("", "财政局", own.units[1].name))[0] == "wrong"
    assert judge(own, Written("", "财政局", None))[0] == "wrong"
    assert judge(own, Written("", "临州云台投资区财整局", finance))[0] == "asked offered"
    assert judge(own, Written("", "惠南县财政局", None))[0] == "right"
    assert judge(own, Written("", "财政局总结", None, longer=True))[0] == "wrong"


def test_the_same_seed_draws_the_same_and_no_stranger_is_on_the_roster():
    one = draw_roster("same")
    assert one == draw_roster("same") != draw_roster("other")
    assert list(names(one, "same")) == list(names(one, "same"))
    assert all(not one.owners(place.name) for place in one.strangers)
    assert {written.longer for written in phrases(one, "same")} == {True}
    fewer = replace(one, places=one.places[:10])
    assert len(list(phrases(fewer, "same"))) < len(list(phrases(one, "same")))


def test_a_threshold_that_is_tried_comes_back():
    for threshold in THRESHOLDS:
        before = threshold.chosen
        assert before in threshold.values
        with with_value(threshold, 1):
            assert threshold.chosen == 1
        assert threshold.chosen == before


def test_the_table_has_a_row_for_each_class(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["units", "--rosters", "1"])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "| a homophone |" in printed
    assert "| text: not on the roster |" in printed
