"""Alarms to the administrator: one when something has gone wrong for good or for long, one when it is well again. Pure.

In: the heartbeat of a tick as values. Out: drafts; their keys hold the instant at which the trouble began, so that a
trouble has one alarm and one all-clear however often it is looked at (facts/users.md §3.8).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.model import Draft, LetterKind
from intake.settings import Clerk

# A line that is away for some minutes mends itself; an office wants to know when it is half an hour.
PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a tick. `permanent`: it will not mend itself, so nobody need wait for `PATIENCE`."""

    tick: str
    since: datetime
    message: str
    permanent: bool


_TITLES = {
    "fetch": "收信中断",
    "process": "来件处理出错",
    "remind": "催报出错",
    "deliver": "发信中断",
    "housekeep": "日常维护出错",
    "config": "配置改动未生效",
    "backup": "备份没有做成",
    "strangers": "对陌生地址的自动答复过多",
    "clock": "本机时间不准",
    "oversize": "有来件太大，没有取回",
    "roster": "名册中少了已报送的单位",
    "forms": "配置中少了已报送的表",
    "campaign": "配置中这次收集的 id 变了",
    "units": "名册里的单位少了许多",
    "held": "登记是新建的，原来的数据可能不见了",
    "elsewhere": "有信不是按现在的登记发的，给单位的信先不发",
}
_EFFECTS = {
    "fetch": "此间来件暂不能登记，超过半小时催报也暂停；来件仍在邮箱中，不会丢失",
    "process": "来件已存档，暂未识别和答复，催报也暂停",
    "remind": "提醒邮件暂未生成",
    "deliver": "回执和提醒暂未发出，都留在发件箱，恢复后自动继续",
    "housekeep": "日报可能未生成",
    "config": "程序仍按改动前的配置运行",
    "backup": "收信、回执照常；只是此后如果数据库损坏，只能恢复到上一次备份",
    "strangers": "超出限额的答复留在发件箱待放行，来件照常登记；对名册单位的答复和催报照常发出",
    "clock": "时间核对无误之前，信件暂停发送，识别、提醒和日报也暂停；来件照常收取存档。时间正确后自动继续",
    "roster": "报送的内容都还在，进度表和汇总表里标为“不在名册”，不计入合计，也不再催报",
    "forms": "报送的内容都还在，但不计入进度和汇总表；单位会当作没有报送而被催报",
    "units": "少了的单位不计入应报，也不再催报；它们的来件照常收取，由工作人员处理",
    "campaign": "报送的内容都还在，但不计入进度和汇总表；已报送的单位会当作没有报送而被催报",
    "held": "为免重复回信，写给单位的信都先留在发件箱，一封也不发；来件照常收取、登记",
    "elsewhere": "为免重复回信，写给单位的信都先留在发件箱，一封也不发；来件照常收取、登记。程序会到“已发送”里核对，"
    "已经发过的不再发",
    "oversize": "超过大小上限的来件还在邮箱里，里面的表没有登记，也没有人答复发件人；其他来件照常收取、答复",
}
_ADVICE = {
    "elsewhere": "另一台电脑上也在运行的，请先停掉一台；然后再等一两轮收信，在网页“发件箱”看过以后点“全部放行”，或执行 intake "
    "outbox release --all",
    "held": "请先停止程序，看看数据所在的磁盘是否接好、[storage] data_dir 是否写对，接好以后再启动；数据确实没有了的，执行 intake "
    "restore；有意重新开始的，在网页“发件箱”看过以后点“全部放行”，或执行 intake outbox release --all",
    "roster": "改名、合并的，在名册“曾用名”一栏写上原来的名称，报送的内容就归到新名称下；删错的，补回那一行；确实不要的，不必处理",
    "forms": "改了表的 id 的，请在 config.toml 里改回原来的 id（标题可以改，id 一经使用就不要改），程序自动恢复原来的登记；"
    "确实不再收这张表的，不必处理",
    "units": "有意删减的，不必处理；否则多半是名册文件没有存完整，请打开名册核对，补齐后保存，程序自动重新读取",
    "campaign": "仍是同一次收集的，请在 config.toml [campaign] 中改回原来的 id（name 可以改，id 一经使用就不要改），程序自动恢复"
    "原来的登记；确实是新的一次收集的，请把 starts_on 改为它开始的那一天，以前的来件就不再算作这一次的",
    "fetch": "登录网页邮箱检查授权码和IMAP服务是否开启，检查网络；更新配置后程序自动恢复，也可执行 intake check 逐项检查",
    "deliver": "登录网页邮箱检查授权码和SMTP服务是否开启；执行 intake check 逐项检查，intake outbox list 查看未发出的信",
    "clock": "校准本机时间：Windows 在“设置→时间和语言”中点“立即同步”，Linux 执行 timedatectl set-ntp true；"
    "并核对时区和年份。与手机对照，本机时间其实正确的，执行 intake clock --confirm",
    "config": "按下面的提示改正配置文件，保存后程序自动重新读取",
    "oversize": "登录网页邮箱打开看：是报送的，请单位压缩后重发，或者另存里面的表、在网页的单位页补录，也可以调大配置 [polling] "
    "maximum_mail_mb，程序会自动取回；处理完移到别的文件夹或删除。有几封、在哪个文件夹，见 intake status 或日报",
    "strangers": "可能有人冒用大量地址来信。执行 intake outbox list 查看，正常的放行，其余取消；"
    "单位多用名册以外的邮箱时，请把邮箱补进名册，或调大配置 [sending] strangers_per_hour",
}
_IN_OUR_WORDS = frozenset(
    {"roster", "units", "forms", "campaign", "held", "elsewhere"}
)  # their messages are no errors that somebody else worded
_GENERAL_ADVICE = "执行 intake check 逐项检查，并把日志交给维护人员"


def alarm_drafts(trouble: Trouble, clerk: Clerk, now: datetime) -> tuple[Draft, ...]:
    """Given a trouble, return its alarms, one an address; none while it may still mend itself."""
    if not trouble.permanent and now - trouble.since < PATIENCE:
        return ()
    return _drafts(trouble, clerk)


def all_clear_drafts(trouble: Trouble, clerk: Clerk, until: datetime) -> tuple[Draft, ...]:
    """Given a trouble that was told and is over since `until`, return its all-clear, one an address."""
    return _drafts(trouble, clerk, until=until)


def cause_of(tick: str) -> str:
    """Return how the business keys of all letters about a tick begin."""
    return f"{LetterKind.ALARM}:{tick}:"


def alarm_key(trouble: Trouble, address: str, *, recovered: bool = False) -> str:
    """Return the business key of a trouble's letter to one address."""
    kind = "recovered" if recovered else "raised"
    return f"{cause_of(trouble.tick)}{trouble.since.isoformat()}:{kind}:{address}"


def _drafts(trouble: Trouble, clerk: Clerk, *, until: datetime | None = None) -> tuple[Draft, ...]:
    recovered = until is not None
    effect, answer = _EFFECTS.get(trouble.tick, ""), trouble.message
    if trouble.tick in _IN_OUR_WORDS:
        effect, answer = f"{answer}。{effect}", ""
    context: dict[str, object] = {
        "title": _TITLES.get(trouble.tick, trouble.tick),
        "since": trouble.since.isoformat(),
        "effect": effect,
        "advice": _ADVICE.get(trouble.tick, _GENERAL_ADVICE),
        "answer": answer,
        "recovered": recovered,
        "until": "" if until is None or until < trouble.since else until.isoformat(),  # the clock was set back
    }
    return tuple(
        Draft(
            kind=LetterKind.ALARM,
            key=alarm_key(trouble, address, recovered=recovered),
            to_address=address,
            context=context,
        )
        for address in clerk.addresses
    )
