"""Is our clock right? Judged by what the mail servers say of theirs (invariant I18: no letter while it is 10 minutes off). Pure.

In: evidence as values, the present reading of our clock. Out: a `Doubt`, or None: nothing speaks against our clock.

Exact evidence is what the server said the moment it took a letter: the seconds since 1970 at the end of Coremail's 250
("250 Mail OK queued as smtp11,D8Cow… 1548385572"), or INTERNALDATE of the copy that it filed as sent. It sees errors both
ways, once a letter has gone. INTERNALDATE of a received mail is a lower bound of the server's clock, which an import by a
mail program can falsify: two of the three newest in our future show a clock that is slow before any letter has gone. Of a
mail that was not there minutes ago it is more, the server's clock as it came: two that agree with ours end a doubt. Else
one copy with a wrong date, or a provider that files no copy of the notice of a step, would keep every letter for a day.

A measurement stays good while nobody sets the clock, for which there is a second one that nobody can set (`Steady`): the
wall clock's step against it is added to the error. So a pause ends the moment the clock is put right, without a letter.
A step from a clock that was right is no proof: a suspended guest steps as well, its steady clock stood still. It is a
question, and the notice of it to the administrator, sent before all other letters, brings the answer with its own 250.
What a person has said, who looked at another clock, stands above all of it until somebody sets the clock.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LIMIT = timedelta(minutes=10)

# After a day the proof is old: one letter may go (an alarm is the first of them), and its 250 tells anew.
_PROOF_LASTS_S = 24 * 3600
_NEWEST_MAILS = 3
_ENOUGH_MAILS = 2  # one mail may have been imported with a wrong date

_HOW = "（Windows：设置→时间和语言→立即同步；Linux：timedatectl set-ntp true），并核对时区和年份"
# Only Coremail's own words: what another server puts at the end of a line need not be a time.
_COREMAIL = re.compile(r"^Mail OK queued as \S+ ([0-9]{10})$")


@dataclass(frozen=True, slots=True)
class Reading:
    """Both our clocks at one moment. `run` names the life of the steady one; seconds of two runs can't be compared."""

    wall: datetime
    run: str
    steady_s: float


class Doubt(NamedTuple):
    """What speaks against our clock. `by`: how far it is off (positive: fast), if `proved`; else how far it was set.

    `at_least`: a bound, because only the dates of mails are known.
    """

    by: timedelta
    proved: bool
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a server's clock showed (of a received mail: at least) when ours showed `ours`."""

    server_at: datetime
    ours: Reading
    fresh: bool = False  # of a mail: it came within `LIMIT` before `ours`, by the clock that nobody can set


def time_of_answer(answer: str) -> datetime | None:
    """Given the text of a 250 to a letter, return the server's time, if that server tells it."""
    found = _COREMAIL.match(answer)
    return None if found is None else datetime.fromtimestamp(int(found[1]), UTC)


def doubt(
    exact: Evidence | None, mails: Sequence[Evidence], now: Reading, *, confirmed: Reading | None = None
) -> Doubt | None:
    """Given the newest exact evidence and the mails seen since, oldest first, return what speaks against our clock.

    `confirmed`: the reading that a person has called right. None: our clock is right, or nothing is known.
    """
    if confirmed is not None and confirmed.run == now.run and abs(_step(confirmed, now)) <= LIMIT:
        return None
    newest = mails[-_NEWEST_MAILS:]
    if sum(one.fresh and _agrees(one, now) for one in newest) >= _ENOUGH_MAILS:
        return None
    stepped = None
    if exact is not None and exact.ours.run == now.run:
        measured = exact.ours.wall - exact.server_at
        error = measured + _step(exact.ours, now)
        if abs(measured) <= LIMIT and abs(error) <= LIMIT:
            return None  # measured, and not set since: no mail's date can say otherwise
        if abs(measured) > LIMIT and abs(error) > LIMIT and now.steady_s - exact.ours.steady_s < _PROOF_LASTS_S:
            return Doubt(error, proved=True)
        if abs(measured) <= LIMIT:
            stepped = Doubt(error, proved=False)
    beyond = [by for one in newest if (by := _server_is_ahead(one, now)) > LIMIT]
    return Doubt(-min(beyond), proved=True, at_least=True) if len(beyond) >= _ENOUGH_MAILS else stepped


def _agrees(mail: Evidence, now: Reading) -> bool:
    """Return whether a mail that had just come shows that our clock is right. One of another run says nothing of it."""
    return mail.ours.run == now.run and abs(_server_is_ahead(mail, now)) <= LIMIT


def _server_is_ahead(mail: Evidence, now: Reading) -> timedelta:
    """Return by how much the server's clock is at least ahead of ours."""
    if mail.ours.run != now.run:
        return mail.server_at - now.wall
    return mail.server_at - mail.ours.wall - _step(mail.ours, now)


def _step(then: Reading, now: Reading) -> timedelta:
    """Return by how much our wall clock was set since."""
    return (now.wall - then.wall) - timedelta(seconds=now.steady_s - then.steady_s)


def words(found: Doubt) -> str:
    """Given a doubt, return what the office has to know and to do."""
    error = found.by
    if not found.proved:
        where = "向前（变快）" if error > timedelta() else "向后（变慢）"
        return (
            f"本机时间刚刚{where}调整了约{_length(abs(error))}。程序正用这封信向邮件服务器核对时间，核对前不给单位发信："
            f"时间正确的，随即自动继续，无须处理（电脑休眠、虚拟机暂停后也会这样）；时间不对的，将暂停发信，请校准本机时间{_HOW}"
        )
    how = "快" if error > timedelta() else "慢"
    about = "至少" if found.at_least else "约"
    return (
        f"本机时间比邮件服务器{how}{about}{_length(abs(error))}。为免在错误的日子催报、在信里写错时间，"
        f"所有信件已暂停发送；来件照常收取存档，没有丢失。请校准本机时间{_HOW}。校准后程序自动继续，无须重启；"
        "本机时间其实正确的（与手机对照），执行 intake clock --confirm"
    )


def _length(error: timedelta) -> str:
    minutes = round(error / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes}分钟"
    return f"{round(minutes / 60)}小时" if minutes < 2 * 1440 else f"{round(minutes / 1440)}天"
