import unicodedata

import pytest

from parsers.text import clean, decode, fold, narrow


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("\u202d13900001234\u202c", "13900001234"),  # as Windows copies a number
        ("\ufeff张\u200b三\u00ad", "张三"),
        ("a\r\nb\rc\u2028d\x0be\x85f", "a\nb\nc\nd\ne\nf"),
        ("\u2611\ufe0f是", "\u2611是"),
        ("e\u0301", "\u00e9"),
        ("a\tb\x00\x07c", "a\tbc"),
        ("\ud800x\udfff", "x"),
        ("①½㎡　张䶮𠮷", "①½㎡　张䶮𠮷"),
    ],
)
def test_clean_removes_only_what_nobody_sees(given: str, expected: str) -> None:
    assert clean(given) == expected


def test_clean_knows_every_invisible_category_of_the_unicode_database() -> None:
    ends = "\r\x0b\x0c\x85"
    left = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs") and chr(code) not in "\n\t" + ends and clean(chr(code))
    ]
    assert left == []


def test_clean_keeps_every_letter_digit_and_punctuation_mark() -> None:
    lost = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code))[0] in "LNPSZ"
        and unicodedata.category(chr(code)) not in ("Zl", "Zp")
        and not clean(chr(code))
    ]
    assert lost == []


def test_clean_caps_the_length() -> None:
    assert clean("字" * 50, limit=10) == "字" * 10


def test_a_million_combining_marks_take_no_quadratic_time() -> None:
    assert len(clean("a" + "\u0301\u0323" * 500_000, limit=2_000_000)) < 100
    assert len(fold("\u00b4\u00b8" * 100_000)) < 100


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("* 单 位（盖章）：", "单位"),
        ("联系\n方式(手机(必填))", "联系方式"),
        ("Ｅ－ｍａｉｌ", "e-mail"),
        ("姓　　名", "姓名"),
        ("【必填】手机", "手机"),
        ("※职务", "职务"),
        ("（一）", "(一)"),
        ("泉示安办〔2025〕32号", "泉示安办〔2025〕32号"),
        ("(a]b)", "(a]b)"),
        ("区⻓⼥", "区长女"),
        ("：", ""),
    ],
)
def test_fold_makes_one_key_of_all_ways_to_write_a_label(given: str, expected: str) -> None:
    assert fold(given) == expected


def test_narrow_folds_width_but_not_meaning() -> None:
    assert narrow("ＡＢ１３９＠：（）　x\u00a0y") == "AB139@:() x y"
    assert narrow("①½㎡Ⅷ…℡，。") == "①½㎡Ⅷ…℡,。"
    assert narrow("⻓⼥") == "长女"


@pytest.mark.parametrize(
    ("data", "declared", "text", "encoding", "certain"),
    [
        ("洛江演示镇".encode("gb18030"), "gb2312", "洛江演示镇", "gb18030", True),
        ("喆堃镕".encode("gb18030"), "GB2312", "喆堃镕", "gb18030", True),  # outside GB 2312
        ("张䶮".encode("gb18030"), "gbk", "张䶮", "gb18030", True),
        ("手机".encode(), "utf-8", "手机", "utf-8", True),
        ("手机".encode(), "", "手机", "utf-8", True),
        ("联系人的手机".encode("gbk"), "", "联系人的手机", "gb18030", True),
        ("\ufeff手机".encode(), "gbk", "手机", "utf-8", True),
        ("手机".encode(), "gbk", "手机", "utf-8", False),  # the label lies
        ("手机".encode("gbk"), "utf-8", "手机", "gb18030", False),
        ("目录".encode("gbk"), "", "目录", "gb18030", False),  # also valid UTF-8
        ("演示镇".encode("gbk"), "iso-8859-1", "演示镇", "gb18030", False),
        ("caf\u00e9 na\u00efve".encode("latin-1"), "iso-8859-1", "caf\u00e9 na\u00efve", "cp1252", False),
        ("\ufeff手机".encode("utf-16-le"), "", "手机", "utf-16-le", True),
        ("手机 139".encode("utf-16-le"), "", "手机 139", "utf-16-le", False),
        ("電話".encode("big5"), "big5", "電話", "cp950", True),
        (b"~{<:Ky~}", "hz-gb-2312", "己所", "hz", True),
        (b"plain", "no-such-charset", "plain", "ascii", True),
        (b"plain", "\0\xff", "plain", "ascii", True),
        (b"", "utf-8", "", "ascii", True),
    ],
)
def test_decode_chooses_by_label_and_bytes(data: bytes, declared: str, text: str, encoding: str, certain: bool) -> None:  # noqa: FBT001
    decoded = decode(data, declared)
    assert (decoded.text, decoded.encoding, decoded.certain, decoded.damaged) == (text, encoding, certain, False)


@pytest.mark.parametrize("declared", ["gbk", "utf-8", ""])
def test_half_a_character_is_told_as_damage(declared: str) -> None:
    decoded = decode("姓名：张三".encode("gbk")[:-1], declared)
    assert decoded.damaged
    assert not decoded.certain
    assert decoded.text.startswith("姓名：张")
    assert "\ufffd" in decoded.text


def test_utf_16_that_breaks_off_is_told_as_damage() -> None:
    decoded = decode("\ufeff张三".encode("utf-16-le")[:-1])
    assert (decoded.text, decoded.damaged, decoded.certain) == ("张\ufffd", True, False)


@pytest.mark.parametrize("declared", ["punycode", "unicode_escape", "rot13", "idna", "utf-7"])
def test_codecs_of_python_that_are_no_charsets_are_not_used(declared: str) -> None:
    assert decode(b"\\u0041-+2AA-", declared).text == "\\u0041-+2AA-"
