"""Is the service well? Judged by results: how long nothing came of fetching, reading, sending, not whether a thread lives. Pure.

In: instants and counts from the record (`watching` reads them), now, the settings. Out: a frozen `Health`, its sentences
saying what is wrong, what it means for the office, what to do. They are read in a group chat and by a supervisor, so
they hold no name, address, subject or server's words. Next: `telling` decides what of it is told, `board` shows it.

`warn` is for a look when convenient, `bad` for somebody now. An instant before `awake_since` counts from there: after a
weekend asleep or switched off, everything is old and nothing is wrong yet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from intake.settings import Settings
from intake.words import moment_words

# What mends itself is left to mend itself for a quarter of an hour; half an hour is the patience of `alarms`.
_WARN_AFTER = timedelta(minutes=15)
_BAD_AFTER = timedelta(minutes=30)
# At a start a failure of the last run still stands in the record; the ticks get a moment to prove it over.
_CONFIRMED_AFTER = timedelta(seconds=30)
# The record may be busy for a moment (a backup, another command); five minutes is a lock or a full disk.
_UNREADABLE_FOR = timedelta(minutes=5)
# A backup is made daily. A day and a half is one that failed, three days are no oversight any more.
_BACKUP_WARN = timedelta(hours=36)
_BACKUP_BAD = timedelta(hours=72)
_HALT_FORGOTTEN = timedelta(days=3)  # longer than a weekend
_MEGABYTE = 2**20
_DISK_WARN_BYTES = 10_240 * _MEGABYTE  # with less than a tenth free as well: a tenth of a large disk is plenty
_DISK_WARN_PERCENT = 10
_DISK_BAD_BYTES = 500 * _MEGABYTE  # seven mails of the largest size (70 MB)


class State(StrEnum):
    """How it does, from best to worst."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits at one place: how many, since when the oldest, and when the last one went on its way."""

    count: int = 0
    since: datetime | None = None
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Mails that lie in the mailbox and are not fetched: how many, in which folders, the largest, when the oldest came."""

    count: int = 0
    folders: tuple[str, ...] = ()
    largest_bytes: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """A tick's heartbeat. `failures` since the last success, `failed_at` when they began."""

    tick: str
    ok_at: datetime | None
    failed_at: datetime | None = None
    failures: int = 0
    permanent: bool = False  # it will not mend itself


@dataclass(frozen=True, slots=True)
class Facts:
    """What the record and the disk say. `awake_since`: from when on the service has been running without a gap.

    `disk_free_bytes` None: the data directory can't be read.
    """

    beats: tuple[Beat, ...] = ()
    unread: Queue = Queue()
    unsent: Queue = Queue()
    awake_since: datetime | None = None
    disk_free_bytes: int | None = None
    disk_bytes: int = 0
    halted_since: datetime | None = None  # a person lets nothing be sent
    held_since: datetime | None = None  # the record may not know what went out already
    lost: str = ""  # what shows that the record was begun anew in the place of one that was lost
    strange: str = ""  # what shows that letters went out that the record did not send, and why that may be
    clock: str = ""  # what the service last found about our clock, in words
    shut: Mapping[str, str] = field(default_factory=dict)  # "desk", "healthz": wanted, but can't be opened, and why
    too_large: TooLarge = TooLarge()
    undelivered: int = 0  # letters to units that no retry will bring

    def beat(self, tick: str) -> Beat | None:
        """Return the heartbeat of a tick, None if it has none yet."""
        return next((one for one in self.beats if one.tick == tick), None)


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is not in order. `cause` names it for machines and stays the same while it lasts."""

    cause: str
    state: State
    what: str
    meaning: str
    advice: str

    @property
    def sentence(self) -> str:
        """Return it in words: what, what it means, what to do."""
        return f"{self.what}。{self.meaning}。{self.advice}。"


@dataclass(frozen=True, slots=True)
class Health:
    """How the service does at `at`, worst symptom first.

    `round_at`: fetching, reading and sending have each succeeded at or after this instant, and none fails; None: not so.
    """

    at: datetime
    symptoms: tuple[Symptom, ...] = ()
    round_at: datetime | None = None

    @property
    def state(self) -> State:
        """Return the worst state of all symptoms."""
        return max((one.state for one in self.symptoms), key=list(State).index, default=State.OK)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return every symptom in words."""
        return tuple(one.sentence for one in self.symptoms)


TITLES = {
    "clock": "本机时间",
    "fetch": "收信",
    "process": "来件识别",
    "remind": "催报",
    "deliver": "发信",
    "housekeep": "日常维护",
    "backup": "备份",
    "disk": "磁盘",
    "config": "配置",
    "record": "数据库",
    "halt": "全部发送",
    "held": "给单位的信",
    "desk": "网页",
    "healthz": "/healthz",
    "oversize": "过大的来件",
    "letters": "送不出的信",
}
_MEANINGS = {
    "fetch": "新来件暂时不能登记和答复，催报也暂停；来件都还在邮箱里，不会丢失",
    "process": "来件已存档、不会丢失，但暂时没有识别和答复，催报也暂停",
    "remind": "该发的提醒暂时没有生成",
    "deliver": "回执和提醒暂时发不出去，都留在发件箱里，恢复后自动发出",
    "housekeep": "日报和邮件告警可能没有生成",
    "backup": "现在若硬盘损坏，最近登记的内容要从存档的来件重新识别",
    "config": "程序仍按改动前的配置运行",
}
_ADVICE = {
    "fetch": "请确认程序在运行，执行 intake check，按提示检查网络、授权码和 IMAP 服务",
    "process": "请执行 intake status 查看；持续不好转时把日志交给维护人员",
    "deliver": "请执行 intake check，按提示检查授权码和 SMTP 服务；intake outbox list 可看未发出的信",
    "backup": "请检查磁盘空间和备份位置，再执行一次备份",
    "config": "请按邮件告警或 intake status 的提示改正配置文件并保存",
}
_GENERAL_ADVICE = "请执行 intake check 逐项检查，并把日志交给维护人员"
_VITAL = ("fetch", "process", "deliver", "remind")  # without these the office misses mail, answers or deadlines


def judge(facts: Facts, settings: Settings, now: datetime) -> Health:
    """Given what the record says, return how the service does."""
    found: dict[str, Symptom] = {}
    for symptom in (
        *_clock(facts),
        *_failing(facts, now),
        *_quiet(facts, settings, now),
        *_halted(facts, now),
        *_held(facts, now),
        *_too_large(facts, settings),
        *_undelivered(facts),
        *_backup(facts, now),
        *_disk(facts),
        *_shut(facts),
    ):
        known = found.get(symptom.cause)
        if known is None or _worse(symptom.state, known.state):
            found[symptom.cause] = symptom
    ordered = sorted(found.values(), key=lambda one: -list(State).index(one.state))
    return Health(now, tuple(ordered), _round(facts))


def unreadable(since: datetime, now: datetime) -> Health:
    """Given since when the record could not be read, return what that means."""
    state = State.BAD if now - since >= _UNREADABLE_FOR else State.WARN
    symptom = Symptom(
        "record",
        state,
        f"数据库读不出来{_for(now - since)}",
        "收信、识别、发信都停着；来件仍在邮箱里，不会丢失",
        "请检查磁盘是否写满、数据目录是否可写、是否有别的程序占用数据库（数据库在服务器上的，检查服务器和网络）；"
        "不行时停止程序，恢复最近一次备份",
    )
    return Health(now, (symptom,))


def _clock(facts: Facts) -> Iterator[Symptom]:
    """Our clock, while the service doubts it. Proved wrong, it stops every letter, and no alarm by mail can tell of it.

    A step that is only asked about is answered by the next letter's 250. How long it has lasted is not told: by which clock?
    """
    beat = facts.beat("clock")
    if beat is None or not beat.failures:
        return
    yield Symptom(
        "clock",
        State.BAD if beat.permanent else State.WARN,
        facts.clock.partition("。")[0] or "本机时间与邮件服务器的时间不一致",
        "所有信件暂停发送，识别、提醒和日报也停着；来件照常收取存档，不会丢失",
        "请校准本机时间（Windows：设置→时间和语言→立即同步；Linux：timedatectl set-ntp true），并核对时区和年份，校准后自动继续；"
        "本机时间其实正确的（与手机对照），请执行 intake clock --confirm",
    )


def _failing(facts: Facts, now: datetime) -> Iterator[Symptom]:
    """Ticks that failed when they were last tried."""
    for beat in facts.beats:
        if not beat.failures or beat.tick not in TITLES or beat.tick == "clock":
            continue
        lasted = _elapsed(beat.failed_at, facts, now)
        vital = beat.tick in _VITAL and lasted >= (_CONFIRMED_AFTER if beat.permanent else _BAD_AFTER)
        what = f"{TITLES[beat.tick]}失败{_for(lasted)}，已试 {beat.failures} 次"
        yield _symptom(beat.tick, State.BAD if vital else State.WARN, what)


def _quiet(facts: Facts, settings: Settings, now: datetime) -> Iterator[Symptom]:
    """Places where nothing comes out, whatever the heartbeats say: a tick that hangs never fails."""
    beat = facts.beat("fetch")
    silent = _elapsed(beat.ok_at if beat else None, facts, now)
    # one poll may take all of its time, and the next begins an interval later
    allowed = timedelta(seconds=settings.polling.interval_s + settings.polling.poll_deadline_s)
    if state := _lasting(silent, max(_WARN_AFTER, allowed), max(_BAD_AFTER, 2 * allowed)):
        yield _symptom("fetch", state, f"已有{_span(silent)}没有成功收信")
    for cause, queue, words in (
        ("process", facts.unread, "{count} 封来件等待识别，最久的等了{span}"),
        ("deliver", facts.unsent, "{count} 封信等待发出，最久的等了{span}"),
    ):
        if not queue.count or (cause == "deliver" and facts.halted_since is not None):
            continue
        waited = _elapsed(queue.since, facts, now)
        # a long queue that moves is a busy day (a thousand mails at once), not a fault
        stuck = min(waited, _elapsed(queue.moved_at, facts, now) if queue.moved_at else waited)
        state = State.BAD if stuck >= _BAD_AFTER else _lasting(waited, _WARN_AFTER, None)
        if state:
            yield _symptom(cause, state, words.format(count=queue.count, span=_span(waited)))


def _halted(facts: Facts, now: datetime) -> Iterator[Symptom]:
    """What a person has stopped is no fault, unless it was forgotten: the digest, which would tell it, waits as well."""
    if facts.halted_since is None:
        return
    lasted = max(now - facts.halted_since, timedelta())
    yield Symptom(
        "halt",
        State.BAD if lasted >= _HALT_FORGOTTEN else State.WARN,
        f"全部发送已由工作人员暂停{_for(lasted)}",
        "回执、提醒和日报都留在发件箱里，一封也不发出",
        "可以发送时，请在网页“发件箱”点“恢复发送”，或执行 intake outbox resume",
    )


def _held(facts: Facts, now: datetime) -> Iterator[Symptom]:
    """A record that may not know what went out waits for a person, at once where nobody can have expected it."""
    if facts.held_since is None:
        return
    lasted = max(now - facts.held_since, timedelta())
    meaning = "为免重复回信，写给单位的信都留在发件箱里，一封也不发"
    release = "在网页“发件箱”看过以后点“全部放行”，或执行 intake outbox release --all"
    if facts.lost:
        yield Symptom(
            "held",
            State.BAD,
            f"登记是新建的，而{facts.lost}：多半是原来的数据目录不见了",
            meaning,
            "请停止程序，看看数据所在的磁盘是否接好、[storage] data_dir 是否写对，接好以后再启动；数据确实没有了的，执行 "
            f"intake restore；有意重新开始的，请{release}",
        )
        return
    if facts.strange:
        yield Symptom(
            "held",
            State.BAD,
            facts.strange,
            f"{meaning}。程序收信时会到“已发送”里核对，已经发过的不再发",
            f"另一台电脑上也在运行的，请先停掉一台；然后再等一两轮收信，{release}",
        )
        return
    state = State.BAD if lasted >= _HALT_FORGOTTEN else State.WARN
    yield Symptom("held", state, f"数据恢复以后还没有放行{_for(lasted)}", meaning, f"请{release}")


def _too_large(facts: Facts, settings: Settings) -> Iterator[Symptom]:
    """Mails over the limit, for as long as they lie in a folder that is watched: nobody but a person can look at them.

    It ends when they have been fetched (the limit was raised), moved elsewhere or deleted, and also when the provider
    lists them no more (NetEase: after 30 days, unless set otherwise). Never bad: the group chat need not hear of it.
    """
    large = facts.too_large
    if not large.count:
        return
    limit = settings.polling.maximum_mail_bytes // _MEGABYTE
    largest = -(-large.largest_bytes // _MEGABYTE)  # rounded up: a limit that lets it through
    folders = "、".join("收件箱" if one.upper() == "INBOX" else one for one in large.folders)
    came = "" if large.since is None else f"，最早的{moment_words(large.since)}收到"
    yield Symptom(
        "oversize",
        State.WARN,
        f"{large.count} 封来件超过单封大小上限 {limit} MB，没有取回（在{folders}{came}，最大的 {largest} MB）",
        "信还在邮箱里，但里面的表没有登记，也没有人答复发件人",
        "请登录网页邮箱打开看：是报送的，请单位压缩后重发，或者另存里面的表、在网页的单位页补录，也可以调大配置 [polling] "
        "maximum_mail_mb，程序会自动取回；已经处理或无须处理的，移到别的文件夹或删除，这条提示随后消失",
    )


def _undelivered(facts: Facts) -> Iterator[Symptom]:
    """Letters that wait for a person because nobody takes them. Never bad: all others go out meanwhile."""
    if facts.undelivered:
        yield Symptom(
            "letters",
            State.WARN,
            f"{facts.undelivered} 封给单位的信没有送出（被邮件服务器拒收，或多次重试不成）",
            "收件人还不知道信里的内容；其他的信照常发送",
            "请在网页“发件箱”（或 intake outbox list）看原因：地址有误的，更正名册并电话告知对方；可以重发的放行，不需要的取消，"
            "这条提示随后消失",
        )


def _backup(facts: Facts, now: datetime) -> Iterator[Symptom]:
    beat = facts.beat("backup")
    if beat is None:
        return  # nothing makes backups here
    age = _elapsed(beat.ok_at, facts, now)
    if state := _lasting(age, _BACKUP_WARN, _BACKUP_BAD):
        yield _symptom("backup", state, f"已有{_span(age)}没有成功备份")


def _disk(facts: Facts) -> Iterator[Symptom]:
    free = facts.disk_free_bytes
    meaning = "磁盘写满时来件不能存档，程序会暂停收信；来件仍在邮箱里，不会丢失"
    advice = "请清理磁盘，或把数据目录移到更大的磁盘"
    if free is None:
        yield Symptom(
            "disk", State.BAD, "数据目录读不出来", "来件不能存档，程序会暂停收信", "请检查磁盘和数据目录的权限"
        )
        return
    percent = 100 * free / max(facts.disk_bytes, 1)
    what = f"磁盘只剩 {free // _MEGABYTE} MB（{percent:.0f}%）"
    if free < _DISK_BAD_BYTES:
        yield Symptom("disk", State.BAD, what, meaning, advice)
    elif free < _DISK_WARN_BYTES and percent < _DISK_WARN_PERCENT:
        yield Symptom("disk", State.WARN, what, meaning, advice)


def _shut(facts: Facts) -> Iterator[Symptom]:
    for name, why in sorted(facts.shut.items()):
        yield Symptom(
            name, State.WARN, why.removesuffix("。"), "收信、识别、发信照常", "原因消除以后自动打开，不必重新启动程序"
        )


def _round(facts: Facts) -> datetime | None:
    # reading a thousand mails is one tick: what it has got done is a success before it comes to its end
    moved = {"fetch": None, "process": facts.unread.moved_at, "deliver": facts.unsent.moved_at}
    instants = []
    for tick, moved_at in moved.items():
        beat = facts.beat(tick)
        if beat is None or beat.failures or beat.ok_at is None:
            return None
        instants.append(max(beat.ok_at, moved_at or beat.ok_at))
    return min(instants)


def _symptom(cause: str, state: State, what: str) -> Symptom:
    return Symptom(cause, state, what, _MEANINGS[cause], _ADVICE.get(cause, _GENERAL_ADVICE))


def _worse(one: State, other: State) -> bool:
    return list(State).index(one) > list(State).index(other)


def _lasting(lasted: timedelta, warn: timedelta, bad: timedelta | None) -> State | None:
    if bad is not None and lasted >= bad:
        return State.BAD
    return State.WARN if lasted >= warn else None


def _elapsed(since: datetime | None, facts: Facts, now: datetime) -> timedelta:
    """Return how long ago an instant was, counted from `awake_since` at the earliest; one in the future is now."""
    known = [one for one in (since, facts.awake_since) if one is not None]
    return max(now - max(known), timedelta()) if known else timedelta()


def _for(lasted: timedelta) -> str:
    return f"，已持续{_span(lasted)}" if lasted >= timedelta(minutes=1) else ""


def _span(lasted: timedelta) -> str:
    """Return a duration as people say it: " 40 分钟", " 3 小时", " 2 天"."""
    minutes = int(lasted.total_seconds() // 60)
    if minutes < 60:
        return f" {max(minutes, 1)} 分钟"
    return f" {minutes // 60} 小时" if minutes < 48 * 60 else f" {minutes // 1440} 天"
