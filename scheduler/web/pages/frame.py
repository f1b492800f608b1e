"""What stands around every page: the menu with what waits, the health in a word, when mail was last fetched.

In: the request. Out: values for `base.html`. Four queries; a page of an office that is ill says so in red on top.
"""

from dataclasses import dataclass

from flask import current_app, g, request, session

from intake import halt
from intake.db import heartbeats, lists, queries
from intake.model import OutboxState
from scheduler.health import State
from scheduler.web.context import desk

HEALTH_WORDS = {State.OK: "运行正常", State.WARN: "有待留意", State.BAD: "运行异常"}


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the menu. `waiting`: how much is to be done there."""

    words: str
    endpoint: str
    waiting: int = 0


# In the order of a clerk's morning; an entry appears as soon as its page exists.
_MENU = (
    ("总览", "overview.show"),
    ("进度表", "progress.show"),
    ("待核实", "review.listing"),
    ("发件箱", "outbox.listing"),
    ("来信", "mails.listing"),
    ("导出", "export.show"),
    ("统计", "statistics.show"),
    ("设置", "preferences.show"),
)


def frame() -> dict[str, object]:
    """Return what `base.html` shows around a page; nothing of the office to somebody who is not logged in."""
    if getattr(g, "who", None) is None:
        return {"who": None, "path": request.path}
    here = desk()
    with here.app.bench.reading() as record:
        waiting = {
            "review.listing": queries.count_open_reviews(record),
            "outbox.listing": lists.count_letters(record, (OutboxState.HELD, OutboxState.UNCERTAIN)),
        }
        fetched = heartbeats.last_heartbeat(record, "fetch").ok_at
        halted = halt.in_force(record)
    return {
        "who": g.who,
        "token": session.get("token", ""),
        "office": here.app.settings.office.short_name,
        "campaign": here.app.settings.campaign,
        "menu": [
            Item(words, endpoint, waiting.get(endpoint, 0))
            for words, endpoint in _MENU
            if endpoint in _known_endpoints()
        ],
        "fetched_at": fetched,
        "halted": halted,
        "health": _health(),
        "now": here.app.clock.now(),
        "endpoint": request.endpoint,
    }


def _known_endpoints() -> frozenset[str]:
    return frozenset(current_app.view_functions)


def _health() -> tuple[str, str, tuple[str, ...]] | None:
    """Return (state, words, sentences) as the watch found last; None before its first look."""
    latest = desk().app.board.latest()
    if latest is None:
        return None
    health, _ = latest
    return health.state.value, HEALTH_WORDS[health.state], health.sentences
