"""Which unit a name means: sure where it can be sure, a question where it can't, nobody where it is another region's."""

import pytest

from intake.roster import How, Roster, parse_roster
from tests.builders.rosters import NAMES, REGION, district, unit

ROSTER = district()


def full(part):
    """Return the one roster name that has `part` in it."""
    (name,) = [name for name in NAMES if part in name and (part != "分局" or name.endswith("分局"))]
    return name


CERTAIN = [
    # as written: roster name, short name; blanks, brackets and width are no difference
    ("财政局", "财政局", How.ALIAS),
    (f"{REGION}财政局", "财政局", How.EXACT),
    ("临 州 云 台 投 资 区 财 政 局（盖章）", "财政局", How.EXACT),
    ("白沙镇\u3000", "白沙镇", How.ALIAS),
    # our region in all its forms
    ("云台投资区财政局", "财政局", How.NORMAL),
    ("云台区财政局", "财政局", How.NORMAL),
    ("云投区财政局", "财政局", How.NORMAL),
    ("临州市云台投资区财政局", "财政局", How.NORMAL),
    ("东山省临州市云台投资区财政局", "财政局", How.NORMAL),
    ("云台投资区管委会财政局", "财政局", How.NORMAL),
    ("我区财政局", "财政局", How.NORMAL),
    ("区气象局", "气象局", How.NORMAL),
    ("自然资源与规划建设局", "自然资源", How.NORMAL),
    ("自然资源规划建设局", "自然资源", How.NORMAL),
    ("临州市公安局云台分局", "分局", How.NORMAL),
    ("云台交警大队", "交通警察", How.NORMAL),
    # an office within the unit
    ("财政局办公室", "财政局", How.NORMAL),
    ("区财政局综合科", "财政局", How.NORMAL),
    ("白沙镇党政办", "白沙镇", How.NORMAL),
    ("白沙镇安办", "白沙镇", How.NORMAL),
    ("白沙镇应急管理办公室", "白沙镇", How.NORMAL),
    ("白沙镇党委政府", "白沙镇", How.NORMAL),
    ("中共白沙镇委员会", "白沙镇", How.NORMAL),
    ("海湾镇人民政府安全生产委员会办公室", "海湾镇", How.NORMAL),
    (f"{REGION}白沙镇人民政府", "白沙镇", How.NORMAL),
    ("临州市白沙镇人民政府", "白沙镇", How.NORMAL),
    ("青石回族乡", "青石", How.NORMAL),
    ("青石乡人民政府", "青石", How.NORMAL),
    # abbreviations that only one unit of the roster can have
    ("教育局", "教育文体", How.SUBSEQUENCE),
    ("区教育局", "教育文体", How.SUBSEQUENCE),
    ("教文体旅局", "教育文体", How.SUBSEQUENCE),
    ("规划局", "自然资源", How.SUBSEQUENCE),
    ("农水局", "农业农村", How.SUBSEQUENCE),
    ("区市场监管局", "市场监督", How.SUBSEQUENCE),
    ("执法应急局", "综合执法", How.SUBSEQUENCE),
    ("公安局云台分局", "分局", How.SUBSEQUENCE),
    ("公安分局交警大队", "交通警察", How.SUBSEQUENCE),
    ("区税务局", "税务局", How.SUBSEQUENCE),
    ("国网云台供电公司", "供电公司", How.SUBSEQUENCE),
    ("云台海事处", "海事处", How.SUBSEQUENCE),
]


@pytest.mark.parametrize(("text", "part", "how"), CERTAIN)
def test_a_name_that_can_mean_one_unit_only_is_certain(text, part, how):
    match = ROSTER.match(text)
    assert (match.unit and match.unit.name, match.how, match.certain) == (full(part), how, True)


@pytest.mark.parametrize(
    "text",
    [
        "临州市财政局", "临州财政局", "市财政局", "省财政厅", "惠南县财政局", "惠南财政局", "洛水区应急管理局", "晋南市市场监管局",
        "石狮市场监管局", "临州市教育局", "临州市公安局", "临州海事局", "国家税务总局惠南县税务局", "国网东山省电力有限公司临州供电公司",
        "中国移动临州分公司", "惠南县白沙镇人民政府", "临州经济技术开发区财政局", "惠南县交警大队", "市应急局",
    ],
)  # fmt: skip
def test_a_unit_of_another_region_is_nobody_of_ours(text):
    match = ROSTER.match(text)
    assert (match.unit, match.how, match.certain) == (None, How.NONE, False)


@pytest.mark.parametrize(
    "text",
    [
        "白沙镇中心小学",
        "白沙镇卫生院",
        "白沙镇东村村委会",
        "白沙中学",
        "云台协会",
        "海湾镇供销有限公司",
        "青石镇",
        "气象台",
        "民政厅",
    ],
)
def test_a_school_or_firm_within_a_place_is_not_the_place(text):
    assert ROSTER.match(text).unit is None


@pytest.mark.parametrize(
    "text", ["", "  ", "无", "/", "同上", "13800000000", "办公室", "管理局", "人民政府", "云台投资区", "分公司"]
)
def test_a_text_that_names_nobody_in_particular_matches_nobody(text):
    match = ROSTER.match(text)
    assert (match.unit, match.rivals, match.certain) == (None, (), False)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("黑沙镇人民政府", "白沙镇"),
        ("百沙镇", "白沙镇"),
        (f"{REGION}农业农村与永务局", "农业农村"),
        ("综合执发与应急管理局", "综合执法"),
    ],
)
def test_a_typing_error_is_a_question_never_an_answer(text, part):
    match = ROSTER.match(text)
    assert (match.unit and match.unit.name, match.how, match.certain) == (full(part), How.TYPO, False)


def test_a_typing_error_in_three_characters_names_candidates_only():
    match = ROSTER.match("气像局")
    assert match.unit is None
    assert [one.name for one in match.rivals] == [full("气象局")]


@pytest.mark.parametrize(
    "text", ["国家税务总局", "国网东山省电力有限公司", "移动公司", "海事局", "住房和城乡建设局", "财政局工会"]
)
def test_the_body_above_or_a_wider_name_is_never_certain(text):
    assert not ROSTER.match(text).certain


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("建设局", {"自然资源", "交通与"}),
        ("公安局", {"分局", "交通警察"}),
        ("财政局、民生局", {"财政局", "民生"}),
        ("白沙镇 海湾镇", {"白沙镇", "海湾镇"}),
    ],
)
def test_a_name_that_two_units_may_bear_gives_both_as_rivals(text, parts):
    match = ROSTER.match(text)
    assert (match.unit, match.certain) == (None, False)
    assert {one.name for one in match.rivals} == {full(part) for part in parts}


def test_a_name_that_holds_another_units_name_in_full_is_never_certain():
    match = ROSTER.match("财政局白沙镇人民政府科")
    assert (match.unit and match.unit.name, match.certain) == (full("财政局"), False)
    assert [one.name for one in match.rivals] == [full("白沙镇")]


def test_another_unit_in_brackets_makes_it_a_question_a_stamp_does_not():
    match = ROSTER.match("财政局（民生局）")
    assert (match.unit and match.unit.name, match.certain) == (full("财政局"), False)
    assert [one.name for one in match.rivals] == [full("民生")]
    assert ROSTER.match("财政局（预算科）").certain


def test_a_township_s_own_office_in_brackets_is_no_other_unit():
    for text in ("白沙镇（党政办）", "白沙镇人民政府（党政办公室）", "白沙镇党政办"):
        match = ROSTER.match(text)
        assert (match.unit and match.unit.name, match.certain) == (full("白沙镇"), True)
    for text in ("财政局（党政办）", "白沙镇（区党政办）", "白沙镇（财政局）", "白沙镇（海湾镇党政办）"):
        assert not ROSTER.match(text).certain


def test_a_unit_whose_proper_name_many_bear_is_known_in_full_only():
    roster = Roster((unit(f"{REGION}管理委员会", "区管委会"), unit(f"{REGION}财政局")), REGION)
    assert roster.match(f"{REGION}管理委员会").certain
    assert roster.match("区管委会").certain
    assert not roster.match("管理委员会").certain
    assert not roster.match("惠南县管理委员会").certain


def test_ambiguity_is_looked_for_in_the_whole_roster():
    one = Roster((unit("甲区教育文体旅游局"),), "甲区")
    two = Roster((unit("甲区教育文体旅游局"), unit("甲区教育督导事务局")), "甲区")
    assert one.match("教育局").certain
    assert two.match("教育局").unit is None
    assert len(two.match("教育局").rivals) == 2


def test_a_former_name_is_known_but_a_name_in_force_goes_first():
    roster = Roster(
        (unit("甲区应急管理局", former_names=("安监局", "消防大队")), unit("甲区消防大队", "消防大队")), "甲区"
    )
    assert roster.match("安监局").how is How.FORMER
    assert roster.match("消防大队").unit.name == "甲区消防大队"


def test_units_that_differ_in_brackets_only_are_told_apart():
    roster = Roster((unit("实验小学（东校区）"), unit("实验小学（西校区）")))
    assert roster.match("实验小学(西校区)").unit.name == "实验小学（西校区）"
    assert roster.match("实验小学").unit is None
    assert len(roster.match("实验小学").rivals) == 2


def test_the_region_is_found_out_from_the_names():
    roster = Roster(ROSTER.units)
    assert roster.match("云台区财政局").certain
    assert roster.match("临州市财政局").unit is None


def test_a_plain_district_works_like_a_special_area():
    roster = Roster(
        (unit("临州市洛水区财政局"), unit("临州市洛水区应急管理局"), unit("河口镇人民政府", "河口镇")), "临州市洛水区"
    )
    assert roster.match("洛水区财政局").certain
    assert roster.match("区应急局").certain
    assert roster.match("河口镇党政办").certain
    assert roster.match("临州市财政局").unit is None
    assert roster.match("云台区财政局").unit is None


def test_a_county_level_city_keeps_its_own_word_and_refuses_the_districts():
    roster = Roster((unit("晋南市财政局"), unit("晋南市市场监督管理局"), unit("晋南市民政局")), "晋南市")
    assert roster.match("市财政局").certain
    assert roster.match("市市场监管局").certain
    assert roster.match("市民政局").certain
    assert roster.match("市场监管局").certain
    assert roster.match("区财政局").unit is None
    assert roster.match("临州市财政局").unit is None


# --- units named in longer texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("关于报送白沙镇安全生产月活动总结的函", ["白沙镇"]),
        ("附件2联络员反馈表（海湾镇）.docx", ["海湾镇"]),
        ("安全生产月活动总结-交警大队_终稿.doc", ["交通警察"]),
        ("白沙2025年安全生产月总结", ["白沙镇"]),
        ("报送区财政局联络员反馈表", ["财政局"]),
        ("东山省临州市云台投资区财政局", ["财政局"]),
        ("云台投资区管委会财政局总结", ["财政局"]),
        ("财 政 局  2025年6月", ["财政局"]),
        ("公安分局交警大队联络员", ["交通警察"]),
        (f"临州市公安局{REGION[2:]}分局交通警察大队报名表", ["交通警察"]),
        ("白沙镇党政办 李某某", ["白沙镇"]),
        (f"致应急管理局：{REGION}财政局总结", ["财政局", "综合执法"]),  # the longest name first
    ],
)
def test_units_are_found_in_longer_texts(text, parts):
    assert [one.name for one in ROSTER.find_in(text)] == [full(part) for part in parts]


@pytest.mark.parametrize(
    "text",
    [
        "洛水区财政局总结", "惠南县财政局总结", "临州市财政局转发", "临州财政局转发", "石狮交警大队", "白沙镇中心小学总结", "白沙工业园",
        "白沙滩总结",
        f"地址：{REGION}白沙镇白云路12号", "各乡镇人民政府", "惠南公安分局交警大队", "白沙镇卫生院", "", "关于开展活动的通知",
    ],
)  # fmt: skip
def test_names_that_another_word_swallows_are_not_found(text):
    assert ROSTER.find_in(text) == ()


def test_a_hostile_text_does_not_cost_minutes():
    ROSTER.match("财政局" * 50_000)
    ROSTER.find_in("白沙镇" * 50_000)


# --- looking up ------------------------------------------------------------------------------------------------------


def test_an_address_may_belong_to_several_units():
    first = unit("甲局", addresses=("Office@example.com", "b@example.com"))
    second = unit("乙局", addresses=("office@EXAMPLE.com",))
    roster = Roster((first, second))
    assert roster.by_address(" OFFICE@example.com ") == (first, second)
    assert roster.by_address("b@example.com") == (first,)
    assert roster.by_address("c@example.com") == ()


def test_a_unit_is_looked_up_by_its_roster_name():
    assert ROSTER.unit(full("气象局")).name == full("气象局")
    with pytest.raises(KeyError):
        ROSTER.unit("气象局")
    assert Roster((unit("甲局", group="成员单位"), unit("乙局"))).groups == {"成员单位"}
    assert Roster(()).match("财政局").unit is None


def test_a_unit_that_was_renamed_or_merged_is_found_under_its_name_of_the_day():
    renamed = parse_roster(
        "单位名称,简称,曾用名\n青石街道办事处,青石街道,青石镇人民政府；黑石镇人民政府\n白沙镇人民政府,,\n".encode(),
        "roster.csv",
    )
    for former in ("青石镇人民政府", "黑石镇人民政府", "青石街道", "青石街道办事处"):
        assert renamed.name_of_the_day(former) == "青石街道办事处"
    assert renamed.name_of_the_day("撤销了的单位") == "撤销了的单位"
