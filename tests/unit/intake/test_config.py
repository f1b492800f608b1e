"""config.toml: all mistakes at once, in Chinese, with their lines; secrets never written, never shown."""

import os
import re
from datetime import date, time
from pathlib import Path

import pytest

from intake.config import example_path, load
from intake.errors import OfficeError
from intake.settings import Secret, Security, SendMode
from parsers.forms import FieldType, FormKind

SOUND = """\
[office]
name = "青石区安全生产委员会办公室"
short_name = "区安办"
contact_name = "王某某"
contact_phone = "0599-20000000"
area_code = "0599"
region = "青石区"

[mailbox]
address = "office@126.com"
provider = "126"
password_file = "code.txt"

[clerk]
addresses = ["clerk@example.com"]

[roster]
file = "roster.csv"

[campaign]
id = "drill-2025"
name = "关于开展演练的通知"
short_name = "演练"
published_on = 2025-05-27

[[campaign.form]]
id = "liaison"
title = "联络员表"
deadline = 2025-05-30
[[campaign.form.field]]
key = "name"
label = "姓名"
type = "person"
required = true
[[campaign.form.field]]
key = "attends"
label = "是否参加"
type = "yesno"
[[campaign.form.field]]
key = "remark"
label = "说明"
type = "text"
required_when = "attends"
"""
CODE = "QWERTYUIOPASDFGH"


@pytest.fixture
def folder(tmp_path):
    code = tmp_path / "code.txt"
    code.write_text(f"{CODE}\n", encoding="utf-8")
    code.chmod(0o600)
    return tmp_path


def write(folder, text=SOUND):
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, text=SOUND, **options):
    return load(write(folder, text), environment=options.pop("environment", {}), **options)


def problems(folder, text, **options):
    with pytest.raises(OfficeError) as caught:
        read(folder, text, **options)
    for problem in caught.value.problems:
        assert not re.search(r"Input should|[Ff]ield required|valid (string|integer)|Extra inputs|Value error", problem)
    return caught.value.problems


def changed(old, new):
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


def line_of(text, piece):
    return next(number for number, line in enumerate(text.split("\n"), start=1) if piece in line)


# --- a sound configuration -------------------------------------------------------------------------------------------


def test_a_sound_file_becomes_settings_with_defaults_filled_in(folder):
    settings = read(folder)
    assert settings.source == folder / "config.toml"
    assert settings.mailbox.login == "office@126.com"
    assert settings.mailbox.display_name == "青石区安全生产委员会办公室"
    assert settings.mailbox.provider.imap_host == "imap.126.com"
    assert settings.mailbox.imap_security is Security.TLS
    assert settings.mailbox.folders == ("INBOX",)
    assert settings.sending.mode is SendMode.HOLD
    assert settings.sending.office_opens == time(8, 30)
    assert settings.clerk.digest_at == time(9)
    assert settings.campaign.starts_on == date(2025, 5, 27)
    (collection,) = settings.campaign.collections
    assert collection.deadline == date(2025, 5, 30)
    assert collection.cutoff == time(23, 59, 59)
    assert collection.audience.everybody
    assert collection.form.kind is FormKind.TABLE
    assert [field.type for field in collection.form.fields] == [FieldType.PERSON, FieldType.YESNO, FieldType.TEXT]
    assert collection.form.fields[2].required_when == "attends"


def test_relative_paths_count_from_the_folder_of_the_file(folder, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    text = SOUND + '\n[storage]\ndata_dir = "store"\ntemplate_dir = "letters"\n'
    settings = read(folder, text)
    assert settings.roster_file == folder / "roster.csv"
    assert settings.storage.data_dir == folder / "store"
    assert settings.storage.template_dir == folder / "letters"
    assert settings.storage.database_url == f"sqlite:///{(folder / 'store' / 'intake.db').as_posix()}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///own.db", "sqlite:///{folder}/own.db"),
        ("sqlite+pysqlite:///own.db?timeout=5", "sqlite+pysqlite:///{folder}/own.db?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://db.example.com/intake", "postgresql+psycopg://db.example.com/intake"),
        ("postgresql+psycopg://a@db.example.com:5/b", "postgresql+psycopg://a@db.example.com:5/b"),
    ],
)
def test_only_the_file_of_an_sqlite_url_is_made_absolute(folder, given, expected):
    settings = read(folder, SOUND + f'\n[storage]\ndatabase_url = "{given}"\n')
    assert settings.storage.database_url == expected.format(folder=folder.as_posix())


def test_an_absolute_sqlite_path_stays(folder):
    absolute = (folder / "elsewhere.db").as_posix()
    settings = read(folder, SOUND + f'\n[storage]\ndatabase_url = "sqlite:///{absolute}"\n')
    assert settings.storage.database_url == f"sqlite:///{absolute}"


def test_hosts_ports_and_security_of_any_provider_can_be_overridden(folder):
    settings = read(
        folder,
        changed(
            'provider = "126"',
            'provider = "126"\nimap_host = "127.0.0.1"\nimap_port = 1143\nimap_security = "none"\n'
            'smtp_host = "localhost"\nsmtp_port = 1025\nsmtp_security = "none"',
        ),
    )
    provider = settings.mailbox.provider
    assert (provider.imap_host, provider.imap_port) == ("127.0.0.1", 1143)
    assert (provider.smtp_host, provider.smtp_port) == ("localhost", 1025)
    assert provider.send_id  # the habits of the provider stay
    assert settings.mailbox.smtp_security is Security.NONE


def test_inbox_is_watched_first(folder):
    settings = read(folder, changed('provider = "126"', 'provider = "126"\nfolders = ["报表", "INBOX", "垃圾邮件"]'))
    assert settings.mailbox.folders == ("INBOX", "报表", "垃圾邮件")


def test_groups_or_units_narrow_the_audience(folder):
    text = changed("deadline = 2025-05-30", 'deadline = 2025-05-30\ngroups = ["乡镇"]\nunits = ["青石区财政局"]')
    audience = read(folder, text).campaign.collections[0].audience
    assert not audience.everybody
    assert audience.groups == {"乡镇"}
    assert audience.units == {"青石区财政局"}


def test_declared_days_and_cutoffs_are_read(folder):
    text = changed("deadline = 2025-05-30", 'deadline = "2025-5-30"\ncutoff = "17：30"')
    text += '\n[[calendar.day]]\ndate = 2025-06-02\nkind = "holiday"\nname = "端午节"\n'
    settings = read(folder, text)
    assert settings.campaign.collections[0].cutoff == time(17, 30)
    assert settings.campaign.collections[0].deadline == date(2025, 5, 30)
    assert [(day.day, day.working) for day in settings.calendar] == [(date(2025, 6, 2), False)]


@pytest.mark.parametrize(
    ("given", "expected"), [('"24:00"', time(23, 59, 59)), ('"9:05"', time(9, 5)), ("12:00:00", time(12))]
)
def test_times_of_day_are_read_as_people_write_them(folder, given, expected):
    text = changed("deadline = 2025-05-30", f"deadline = 2025-05-30\ncutoff = {given}")
    assert read(folder, text).campaign.collections[0].cutoff == expected


def test_two_doors_need_two_ports(folder):
    (found,) = problems(folder, SOUND + "\n[desk]\nport = 8026\n[health]\nport = 8026\n")
    assert "[health] 的 port" in found
    assert "与 [desk] port 写了同一个端口 8026" in found


@pytest.mark.skipif(os.name != "posix", reason="there it is a path")
@pytest.mark.parametrize("key", ["data_dir", "backup_dir", "template_dir"])
def test_a_drive_letter_is_no_path_here(folder, key):
    (found,) = problems(folder, SOUND + f'\n[storage]\n{key} = "E:/收表"\n')
    assert "是 Windows 的写法" in found


def test_notepads_byte_order_mark_and_line_ends_are_no_mistake(folder):
    path = folder / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load(path, environment={}).office.short_name == "区安办"


def test_the_example_is_found():
    assert example_path().name == "config.example.toml"
    assert example_path().is_file()


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(folder):
    text = SOUND.replace('area_code = "0599"', "area_code = 599")
    text = text.replace('addresses = ["clerk@example.com"]', 'addresses = ["clerk@example"]')
    text = text.replace("published_on = 2025-05-27", "published_on = 2025-06-27")
    text = text.replace('required_when = "attends"', 'required_when = "nothing"')
    text = text.replace('key = "attends"', 'key = "name"')
    text += "\n[sending]\nper_day = -1\n"
    found = problems(folder, text)
    assert len(found) == 6
    lines = [int(re.search(r"第 (\d+) 行", problem)[1]) for problem in found]
    expected = ["area_code", "clerk@example", "deadline", "", 'required_when = "nothing"', "per_day"]
    assert lines == sorted(lines)
    for piece, line in zip(expected, lines, strict=True):
        assert piece in text.split("\n")[line - 1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('contact_phone = "0599-20000000"', 'contact_fone = "1"', ["contact_fone", "是不是想写“contact_phone”"]),
        ('contact_phone = "0599-20000000"\n', "", ["[office]", "contact_phone", "必填"]),
        ('area_code = "0599"', 'area_code = "599"', ["area_code", "以 0 开头"]),
        ('name = "青石区安全生产委员会办公室"', 'name = ""', ["是空的"]),
        ('provider = "126"', 'provider = "136"', ["136", "是不是想写", "generic"]),
        ('provider = "126"', 'provider = "163"', ["office@126.com", 'provider = "126"']),
        ('provider = "126"', 'provider = "generic"', ["imap_host"]),
        ('provider = "126"', 'provider = "126"\nimap_security = "none"', ["只许用于本机测试"]),
        ('provider = "126"', 'provider = "126"\nsmtp_security = "ssl"', ["tls", "starttls"]),
        ('provider = "126"', 'provider = "126"\nimap_port = 99999', ["不能大于 65535"]),
        ('provider = "126"', 'provider = "126"\nfolders = ["INBOX", "INBOX"]', ["folders 第 2 项", "写了两次"]),
        ('address = "office@126.com"', 'address = "office#126.com"', ["office#126.com", "不是完整的邮箱地址"]),
        ('["clerk@example.com"]', '["clerk@example.com", "b＠example.com"]', ["addresses 第 2 项"]),
        ('["clerk@example.com"]', '"clerk@example.com"', ["addresses", "不是列表"]),
        ('["clerk@example.com"]', "[]", ["addresses", "是空的"]),
        ('["clerk@example.com"]', '["clerk@example.com"]\ndigest_at = "25:00"', ["25:00", "不是时刻"]),
        ("published_on = 2025-05-27", 'published_on = "2025-02-30"', ["2025-02-30", "不存在"]),
        ("published_on = 2025-05-27", 'published_on = "五月"', ["五月", "不是日期"]),
        ("published_on = 2025-05-27", "published_on = 2026-05-27", ["2025-05-30", "2026-05-27", "早于通知发布日"]),
        ("published_on = 2025-05-27", "published_on = 2025-05-27\nstarts_on = 2025-06-01", ["早于开始日"]),
        ('id = "drill-2025"', 'id = "演练"', ["[campaign] 的 id", "小写字母"]),
        ('type = "yesno"', 'type = "yes_no"', ["第 2 个（attends）的 type", "是不是想写“yesno”"]),
        ('required_when = "attends"', 'required_when = "attend"', ["没有 key 是“attend”的栏", "是不是想写“attends”"]),
        ('required_when = "attends"', 'required_when = "name"', ["“name”不是 yesno"]),
        ('required_when = "attends"', 'required_when = "attends"\nrequired = true', ["矛盾"]),
        ('label = "说明"', 'label = "说明"\naliases = ["姓 名（必填）："]', ["aliases 第 1 项", "“name”栏"]),
        ('label = "说明"', 'label = "说明"\naliases = ["附言", "附 言"]', ["aliases 第 2 项", "写了两次"]),
        ('key = "remark"', 'key = "name"', ["栏的 key“name”与第 1 个重复"]),
        (
            'type = "text"',
            'type = "unit"\n[[campaign.form.field]]\nkey = "u"\nlabel = "u"\ntype = "unit"',
            ["只能有一个"],
        ),
        ('title = "联络员表"', 'title = "联络员表"\nkind = "document"', ["只读得出单位和标题"]),
        ('title = "联络员表"', 'title = "联络员表"\nvoluntary = "是"', ["voluntary", "true（是）或 false（否）"]),
        ("[roster]", "[roosters]", ["roosters", "是不是想写“roster”"]),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(folder, old, new, words):
    found = problems(folder, changed(old, new))
    told = [problem for problem in found if all(word in problem for word in words)]
    assert told, found
    assert told[0].startswith("config.toml 第 ")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[sending]\nper_day = 0", ["per_day", "不能小于 1"]),
        ("[sending]\nper_day = 1.5", ["per_day", "不是整数"]),
        ("[sending]\nper_day = true", ["per_day", "不是整数"]),
        ('[sending]\npause_s = "5"', ["pause_s", "不是数字"]),
        ("[sending]\npause_s = inf", ["pause_s", "不是普通的数字"]),
        ('[sending]\nmode = "atuo"', ["mode", "是不是想写“auto”", "hold"]),
        ('[sending]\noffice_opens = "18:00"', ["18:00", "17:30", "没有可以催报的时间"]),
        ("[polling]\ncommand_timeout_s = 300\npoll_deadline_s = 60", ["command_timeout_s", "时限"]),
        ("[polling]\nlarge_mail_mb = 90\nmaximum_mail_mb = 50", ["large_mail_mb", "上限"]),
        ("[polling]\ninterval_s = 1", ["interval_s", "不能小于 10"]),
        ('[storage]\ndatabase_url = "intake.db"', ["database_url", "不是数据库地址"]),
        ("[calendar]\nday = 3", ["[[calendar.day]]", "不是列表"]),
        ('[[calendar.day]]\ndate = 2025-06-02\nkind = "rest"', ["[[calendar.day]] 第 1 个", "rest", "holiday"]),
        (
            '[[calendar.day]]\ndate = 2025-06-02\nkind = "holiday"\n[[calendar.day]]\ndate = "2025-06-02"\nkind = "workday"',
            ["[[calendar.day]] 第 2 个", "重复"],
        ),
        (
            '[[campaign.form]]\nid = "liaison"\ntitle = "另表"\n[[campaign.form.field]]\nkey = "a"\nlabel = "a"\ntype = "text"',
            ["[[campaign.form]] 第 2 个（liaison）", "与第 1 个重复"],
        ),
        (
            '[[campaign.form]]\nid = "b"\ntitle = "联 络员表："\n[[campaign.form.field]]\nkey = "a"\nlabel = "a"\ntype = "text"',
            ["第 2 个（b）的 title", "已经是表“liaison”的名称"],
        ),
        ('[[campaign.form]]\nid = "b"\ntitle = "另表"', ["第 2 个（b）", "[[campaign.form.field]]", "缺少"]),
    ],
)
def test_a_mistake_in_a_further_section_is_told(folder, section, words):
    found = problems(folder, f"{SOUND}\n{section}\n")
    assert any(all(word in problem for word in words) for problem in found), found


def test_a_misspelt_key_is_told_once_not_also_as_missing(folder):
    assert len(problems(folder, changed('short_name = "区安办"', 'shortname = "区安办"'))) == 1


def test_one_faulty_form_does_not_hide_a_duplicate_elsewhere(folder):
    text = changed('type = "yesno"', 'type = "nonsense"').replace('key = "remark"', 'key = "name"')
    found = problems(folder, text)
    assert any("nonsense" in problem for problem in found)
    assert any("重复" in problem for problem in found)


def test_a_faulty_address_in_a_list_is_not_also_told_as_an_empty_list(folder):
    assert len(problems(folder, changed('["clerk@example.com"]', '["clerk"]'))) == 1


def test_unreadable_and_missing_files_are_told(folder):
    with pytest.raises(OfficeError, match=r"找不到配置文件.*config.example.toml"):
        load(folder / "none.toml", environment={})
    with pytest.raises(OfficeError, match="读不出来"):
        load(folder, environment={})


# --- not TOML --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("contact_name = “王某某”", "中文引号"),
        ('contact_name ＝ "王某某"', "全角等号"),
        ("【mailbox】", "中文方括号"),
        ('folders = ["INBOX"，"垃圾邮件"]', "英文逗号"),
        ("digest_at = 9:00", "时刻要加引号"),
        ("deadline = 2025-5-3", "月和日都写两位"),
        ("deadline = 2025.5.30", "月和日都写两位"),
        ("contact_phone = 0595", "以 0 开头的号码要加引号"),
        ("contact_name = 王某某", "英文双引号"),
        ("contact_name =", "等号后面没有值"),
        ('file = "名册\\roster.xlsx', "反斜杠|成对"),
        ('data_dir = "D:\\data"', "反斜杠"),
        ('contact_name = "王某某', "引号"),
        ("contact_name", "等号"),
        ("[office", "方括号"),
        ("deadline = 2025-02-30", "不存在|日期"),
    ],
)
def test_a_syntax_error_is_told_in_chinese_with_its_line(folder, line, words):
    text = f'[office]\n{line}\nshort_name = "区安办"\n'
    (told,) = problems(folder, text)
    assert told.startswith("config.toml 第 2 行：")
    assert re.search(words, told)
    assert not re.search(r"[Ii]nvalid|[Ee]xpected|at line", told)


@pytest.mark.parametrize("text", ["[office]\nname = 'a'\nname = 'b'", "[office]\n[office]"])
def test_a_key_or_section_written_twice_is_told(folder, text):
    (told,) = problems(folder, text)
    assert "写了两次" in told


@pytest.mark.parametrize("end", range(0, len(SOUND.encode()), 7))
def test_a_half_written_file_never_loads_and_never_crashes(folder, end):
    path = folder / "config.toml"
    path.write_bytes(SOUND.encode()[:end])
    required_end = len(SOUND[: SOUND.index('type = "person"')].encode()) + len('type = "person"')
    if end >= required_end:
        return  # from here on what stands may well be a whole configuration
    with pytest.raises(OfficeError) as caught:
        load(path, environment={})
    assert all(re.search("[\u4e00-\u9fff]", problem) for problem in caught.value.problems)


def test_a_file_cut_short_says_so(folder):
    (told,) = problems(folder, 'folders = ["INBOX",')
    assert "没有保存完整" in told


def test_a_file_that_is_not_utf8_says_how_to_save_it(folder):
    path = folder / "config.toml"
    path.write_bytes(SOUND.encode("gb18030"))
    with pytest.raises(OfficeError, match=r"第 2 行.*另存为.*UTF-8"):
        load(path, environment={})


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_the_password_comes_from_its_file(folder):
    settings = read(folder)
    assert settings.mailbox.password == Secret(CODE)
    assert CODE not in repr(settings)


def test_the_password_comes_from_the_environment(folder):
    text = changed('password_file = "code.txt"', 'password_env = "MAIL_CODE"')
    assert read(folder, text, environment={"MAIL_CODE": CODE}).mailbox.password.reveal() == CODE
    (told,) = problems(folder, text)
    assert "MAIL_CODE" in told


def test_the_password_is_asked_for(folder):
    text = changed('password_file = "code.txt"', 'password = "prompt"')
    asked = []

    def ask(address):
        asked.append(address)
        return CODE

    assert read(folder, text, ask_password=ask).mailbox.password.reveal() == CODE
    assert asked == ["office@126.com"]
    assert "没有地方输入" in problems(folder, text)[0]
    assert "没有输入授权码" in problems(folder, text, ask_password=lambda _: " ")[0]


def test_nobody_is_asked_when_something_else_is_wrong(folder):
    text = changed('password_file = "code.txt"', 'password = "prompt"').replace('type = "yesno"', 'type = "x"')
    problems(folder, text, ask_password=lambda _: pytest.fail("asked"))


@pytest.mark.parametrize("need_password", [True, False])
def test_a_password_in_the_configuration_is_refused_and_not_repeated(folder, need_password):
    found = problems(folder, changed('password_file = "code.txt"', f'password = "{CODE}"'), need_password=need_password)
    assert "不能直接写在配置里" in found[0]
    assert CODE not in "".join(found)


@pytest.mark.parametrize("key", ["auth_code", "smtp_password", "passwd", "password_files"])
def test_a_password_under_another_key_is_not_repeated(folder, key):
    found = problems(folder, changed('password_file = "code.txt"', f'{key} = "{CODE}"'))
    assert CODE not in "".join(found)
    assert "立即从配置里删去" in "".join(found)


@pytest.mark.parametrize("key", ["password_file", "password_env"])
def test_a_code_where_a_name_belongs_is_not_repeated(folder, key):
    found = problems(folder, changed('password_file = "code.txt"', f'{key} = "{CODE}"'))
    assert CODE not in "".join(found)
    assert "像是授权码本身" in "".join(found)


def test_two_sources_or_none_are_told(folder):
    assert (
        "请只留一种"
        in problems(folder, changed('password_file = "code.txt"', 'password_file = "code.txt"\npassword = "prompt"'))[0]
    )
    assert "没有写授权码在哪里" in problems(folder, changed('password_file = "code.txt"\n', ""))[0]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such mode bits")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_password_file_that_others_can_read_is_refused(folder, mode):
    (folder / "code.txt").chmod(mode)
    (told,) = problems(folder, SOUND)
    assert f"{mode:04o}" in told
    assert "chmod 600 code.txt" in told


@pytest.mark.parametrize("content", ["", "  \n", "first\nsecond\n", "授权码", "x" * 2000])
def test_a_password_file_without_one_line_is_refused(folder, content):
    (folder / "code.txt").write_text(content, encoding="utf-8")
    (told,) = problems(folder, SOUND)
    assert "授权码" in told
    assert "second" not in told


def test_a_missing_password_file_is_told(folder):
    (folder / "code.txt").unlink()
    (told,) = problems(folder, SOUND)
    assert "找不到密码文件 “code.txt”" in told


def test_commands_that_open_no_mailbox_need_no_password(folder):
    (folder / "code.txt").unlink()
    assert read(folder, SOUND, need_password=False).mailbox.password.reveal() == ""


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://intake:geheim@db.example.com/intake",
        "postgresql+psycopg://intake:ge/geheim@db.example.com/intake",
        "postgresql+psycopg://intake:x@geheim@db.example.com/intake",
        "postgresql+psycopg://intake@db.example.com/intake?sslmode=require&password=geheim",
        "postgresql+psycopg://intake@db.example.com/intake?sslpassword=geheim",
    ],
)
def test_a_database_password_in_the_url_is_refused_and_not_repeated(folder, url):
    found = problems(folder, SOUND + f'\n[storage]\ndatabase_url = "{url}"\n')
    assert "PGPASSWORD" in found[0]
    assert "geheim" not in "".join(found)


def test_the_path_may_be_given_relative(folder, monkeypatch):
    write(folder)
    monkeypatch.chdir(folder)
    assert load(Path("config.toml"), environment={}).source == folder / "config.toml"
