"""Laws of name matching over invented rosters and any text."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from intake.errors import OfficeError
from intake.roster import How, Roster, parse_roster
from intake.roster_names import keys_of
from tests.builders.rosters import NAMES, REGION, district, unit

DISTRICT = district()

words = st.sampled_from(
    ["云台", "投资区", "临州", "市", "区", "县", "省", "镇", "乡", "白沙", "海湾", "财政", "局", "公安", "分局", "教育", "管理", "应急",
     "办公室", "人民政府", "（盖章）", "和", "中心", "小学", "一", " ", "、", "惠南", "a", "1"]
)  # fmt: skip
phrases = st.lists(words, max_size=8).map("".join)
texts = st.one_of(st.text(max_size=60), phrases)
names = st.one_of(phrases, st.text(alphabet="甲乙丙丁局委办镇区市财政公安教育", min_size=1, max_size=8))


@st.composite
def rosters(draw):
    chosen = draw(
        st.lists(names.filter(lambda name: keys_of(name)[1]), max_size=6, unique_by=lambda name: keys_of(name)[0])
    )
    region = draw(st.sampled_from(["", REGION, "洛水区", "晋南市", "临州市洛水区", "不成样子"]))
    return Roster(tuple(unit(name, *draw(st.lists(names, max_size=2))) for name in chosen), region)


@given(rosters(), texts)
def test_nothing_raises(roster, text):
    match = roster.match(text)
    assert (match.unit is None) == (match.how is How.NONE)
    assert match.unit is not None or not match.certain
    assert set(roster.find_in(text)) <= set(roster.units)
    roster.by_address(text)


@given(rosters())
def test_a_roster_name_always_means_its_own_unit(roster):
    for one in roster.units:
        match = roster.match(one.name)
        assert (match.unit, match.how, match.certain) == (one, How.EXACT, True)


@given(st.sampled_from(sorted(NAMES)), texts, texts)
def test_no_certain_match_goes_to_another_unit_than_the_one_named_in_full(name, before, after):
    text = f"{before}{name}{after}"
    assume(name in keys_of(text)[0])
    match = DISTRICT.match(text)
    if match.certain:
        # A body below the named one has its name within its own: 分局 and 分局交通警察大队.
        assert name in match.unit.name


@given(rosters())
def test_blanks_and_a_colon_never_change_the_answer_for_a_known_name(roster):
    for one in roster.units:
        spaced = " ".join(one.name)
        assert roster.match(f"{spaced}：").unit == one


@given(texts)
def test_matching_twice_gives_the_same(text):
    assert DISTRICT.match(text) == DISTRICT.match(text) == district().match(text)


@given(st.one_of(st.binary(max_size=80), texts.map(lambda text: f"序号,单位名称,简称,邮箱\n{text}".encode())))
def test_any_file_is_read_or_told_in_chinese(data):
    try:
        roster = parse_roster(data, "名册.csv")
    except OfficeError as error:
        problems = error.problems
    else:
        problems = roster.warnings
        assert roster.units
    assert all(re.search("[\u4e00-\u9fff]", problem) for problem in problems)
