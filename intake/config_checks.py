"""Mistakes that one value alone doesn't show: duplicates, order of days and times, names that nothing bears.

In: the raw tables of config.toml, faulty ones too. Out: `Mistake`s. It looks at raw tables and not at checked ones
because all mistakes are told at once: one bad key must not hide a duplicate three tables further. Whatever has the
wrong shape is passed over, `config_schema` tells it. Must not: raise.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time

from pydantic import TypeAdapter, ValidationError

from intake.config_lines import Path
from intake.config_schema import Day, TimeOfDay
from intake.config_words import Mistake, near
from intake.providers import PROVIDERS, provider_of
from parsers.forms import FieldType, FormKind
from parsers.text import fold

Table = Mapping[str, object]

_DAYS: TypeAdapter[date] = TypeAdapter(Day)
_TIMES: TypeAdapter[time] = TypeAdapter(TimeOfDay)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def find_mistakes(data: Table) -> Iterator[Mistake]:
    """Given the tables of config.toml, yield what is wrong between its values."""
    yield from _mailbox_mistakes(_table(data, "mailbox"))
    yield from _time_mistakes(data)
    yield from _door_mistakes(_table(data, "desk").get("port"), _table(data, "health").get("port"))
    campaign = _table(data, "campaign")
    forms = _tables(campaign, "form", ("campaign", "form"))
    yield from _duplicates(forms, "id", str, "表的 id")
    yield from _duplicate_titles(forms)
    for path, form in forms:
        yield from _form_mistakes(path, form)
        yield from _deadline_mistakes(path, form, campaign)


def _mailbox_mistakes(mailbox: Table) -> Iterator[Mistake]:
    name, address = _text(mailbox, "provider"), _text(mailbox, "address")
    provider = PROVIDERS.get(name) if name else None
    if name and provider is None:
        known = tuple(PROVIDERS)
        yield Mistake(
            ("mailbox", "provider"), f"没有叫“{name}”的邮箱服务商。{near(name, known)}可以写：{'、'.join(known)}。"
        )
    if provider is not None and "imap_host" not in mailbox:
        expected = provider_of(address).name if address else name
        if expected not in {name, "generic"}:
            # 126.com answers on other hosts than 163.com, and neither knows the other's accounts.
            yield Mistake(
                ("mailbox", "provider"), f'邮箱 {address} 的服务商不是“{name}”。请写 provider = "{expected}"。'
            )
    for protocol in ("imap", "smtp"):
        host = _text(mailbox, f"{protocol}_host") or (getattr(provider, f"{protocol}_host") if provider else None)
        if provider is not None and not host:
            yield Mistake(
                ("mailbox", "provider"),
                f'服务商写了“{name}”，就要写明服务器。请补上 {protocol}_host = "…"（问邮箱的管理员）。',
            )
        if mailbox.get(f"{protocol}_security") == "none" and host and host not in _LOOPBACK:
            yield Mistake(
                ("mailbox", f"{protocol}_security"),
                '不加密只许用于本机测试：密码和来件会在网上明文传送。请写 "tls" 或 "starttls"。',
            )
    folders = mailbox.get("folders")
    if isinstance(folders, list):
        for number, folder in enumerate(folders):
            if folder in folders[:number]:
                yield Mistake(("mailbox", "folders", number), f"文件夹“{folder}”写了两次。请删去一个。")


def _door_mistakes(desk: object, health: object) -> Iterator[Mistake]:
    if desk is not None and desk == health:
        yield Mistake(("health", "port"), f"与 [desk] port 写了同一个端口 {desk}，两个只能打开一个。请改成另一个端口。")


def _time_mistakes(data: Table) -> Iterator[Mistake]:
    sending = _table(data, "sending")
    opens, closes = _time(sending.get("office_opens", time(8, 30))), _time(sending.get("office_closes", time(17, 30)))
    if opens and closes and opens >= closes:
        yield Mistake(
            ("sending", "office_closes" if "office_closes" in sending else "office_opens"),
            f"上班时刻 {opens:%H:%M} 不早于下班时刻 {closes:%H:%M}，这样没有可以催报的时间。请核对这两项。",
        )
    polling = _table(data, "polling")
    for smaller, larger, words in (
        ("command_timeout_s", "poll_deadline_s", "一条命令的时限不能长于整次收信的时限"),
        ("large_mail_mb", "maximum_mail_mb", "分段收取的界限不能高于收取的上限"),
    ):
        low, high = polling.get(smaller), polling.get(larger)
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Mistake(("polling", smaller), f"{words}：{smaller} = {low:g}，{larger} = {high:g}。请核对这两项。")
    days = _tables(_table(data, "calendar"), "day", ("calendar", "day"))
    yield from _duplicates(days, "date", _day, "日期")


def _deadline_mistakes(path: Path, form: Table, campaign: Table) -> Iterator[Mistake]:
    deadline = _day(form.get("deadline"))
    published, starts = _day(campaign.get("published_on")), _day(campaign.get("starts_on"))
    if deadline and published and deadline < published:
        yield Mistake(
            (*path, "deadline"), f"期限 {deadline} 早于通知发布日 {published}（published_on）。请核对年份和月份。"
        )
    elif deadline and starts and deadline < starts:
        yield Mistake(
            (*path, "deadline"),
            f"期限 {deadline} 早于开始日 {starts}（starts_on）：开始日以前的来件只归档、不答复。请核对这两个日期。",
        )


def _form_mistakes(path: Path, form: Table) -> Iterator[Mistake]:
    fields = _tables(form, "field", (*path, "field"))
    yield from _duplicates(fields, "key", str, "栏的 key")
    yield from _duplicate_labels(fields)
    types = {_text(field, "key"): _text(field, "type") for _, field in fields}
    units = [place for place, field in fields if field.get("type") == FieldType.UNIT]
    for place in units[1:]:
        yield Mistake(
            (*place, "type"), 'type = "unit" 是用来对应名册的那一栏，一张表只能有一个。请把这一栏改成 "text"。'
        )
    if "blank" in form and form.get("kind") == FormKind.DOCUMENT:
        yield Mistake((*path, "blank"), 'kind = "document" 的材料没有表格，用不上空白表。请删去 blank 这一项。')
    for place, field in fields:
        yield from _condition_mistakes(place, field, types)
        if form.get("kind") == FormKind.DOCUMENT and _text(field, "type") not in {
            FieldType.UNIT,
            FieldType.TITLE,
            None,
        }:
            yield Mistake(
                (*place, "type"),
                'kind = "document" 的材料只读得出单位和标题。请写 "unit" 或 "title"，或删去这一栏。',
            )


def _condition_mistakes(place: Path, field: Table, types: Mapping[str | None, str | None]) -> Iterator[Mistake]:
    condition = _text(field, "required_when")
    if condition is None:
        return
    keys = tuple(key for key in types if key)
    if condition not in types:
        yield Mistake(
            (*place, "required_when"),
            f"本表没有 key 是“{condition}”的栏。{near(condition, keys)}请写本表中一个 yesno（是否）栏的 key。",
        )
    elif types[condition] != FieldType.YESNO:
        yield Mistake(
            (*place, "required_when"),
            f"“{condition}”不是 yesno（是否）栏，无法作条件。请改写成一个 yesno 栏的 key，或删去这一项。",
        )
    elif field.get("required") is True:
        yield Mistake(
            (*place, "required_when"), "已经写了 required = true（总要填写），再写条件就矛盾了。请删去其中一项。"
        )


def _duplicates(
    tables: Sequence[tuple[Path, Table]], key: str, read: Callable[[object], object], words: str
) -> Iterator[Mistake]:
    seen: dict[object, int] = {}
    for number, (path, table) in enumerate(tables, start=1):
        value = read(table[key]) if isinstance(table.get(key), str | date) else None
        if value is None:
            continue
        if value in seen:
            yield Mistake((*path, key), f"{words}“{value}”与第 {seen[value]} 个重复。请改名或删去一个。")
        seen.setdefault(value, number)


def _duplicate_labels(fields: Sequence[tuple[Path, Table]]) -> Iterator[Mistake]:
    """One label in two fields of a form could be read as either: the reader would have to guess."""
    owners: dict[str, object] = {}
    for path, field in fields:
        mine: set[str] = set()
        for place, label in _phrases(path, field, "label", "aliases"):
            key, owner = fold(label), field.get("key", field.get("label"))
            if key in mine:
                yield Mistake(place, f"“{label}”在这一栏里写了两次（空格、冒号和括号里的说明不算区别）。请删去一个。")
            elif key in owners:
                yield Mistake(place, f"“{label}”已经是“{owners[key]}”栏的名称，读表时会分不清。请只留在一栏里。")
            mine.add(key)
            owners.setdefault(key, owner)


def _duplicate_titles(forms: Sequence[tuple[Path, Table]]) -> Iterator[Mistake]:
    owners: dict[str, tuple[Path, object]] = {}
    for path, form in forms:
        for place, title in _phrases(path, form, "title", "titles"):
            owner, name = owners.setdefault(fold(title), (path, form.get("id")))
            if owner != path:
                yield Mistake(place, f"“{title}”已经是表“{name}”的名称，来件会分不清是哪一张表。请只留在一张表里。")


def _phrases(path: Path, table: Table, one: str, many: str) -> Iterator[tuple[Path, str]]:
    single, others = table.get(one), table.get(many)
    if isinstance(single, str) and single.strip():
        yield (*path, one), single
    for number, phrase in enumerate(others if isinstance(others, list) else ()):
        if isinstance(phrase, str) and phrase.strip():
            yield (*path, many, number), phrase


def _text(table: Table, key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) else None


def _table(data: Table, key: str) -> Table:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _tables(data: Table, key: str, path: Path) -> tuple[tuple[Path, Table], ...]:
    values = data.get(key)
    if not isinstance(values, list):
        return ()
    return tuple(((*path, number), value) for number, value in enumerate(values) if isinstance(value, Mapping))


def _day(value: object) -> date | None:
    try:
        return _DAYS.validate_python(value)
    except ValidationError:
        return None


def _time(value: object) -> time | None:
    try:
        return _TIMES.validate_python(value)
    except ValidationError:
        return None
