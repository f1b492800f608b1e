"""Links from one page to another that may not be built yet, or stand under a name of its own. In: a request.

In: an endpoint and the number that it takes. Out: an address, or None: the template then shows the words alone.
"""

from typing import Any

from flask import current_app, url_for


def link(endpoint: str, number: int) -> str | None:
    """Given an endpoint that takes one number (``mails.show``, 3), return its address; None if there is no such page."""
    for rule in current_app.url_map.iter_rules():
        if rule.endpoint == endpoint and len(rule.arguments) == 1:
            values: dict[str, Any] = dict.fromkeys(rule.arguments, number)  # Any: url_for has options of its own too
            return url_for(endpoint, **values)
    return None


def unit_link(name: str, order: int | None) -> str:
    """Given a unit's name and its place on the roster (None: it left it), return the address of its page."""
    return url_for("units.by_name", name=name) if order is None else url_for("units.show", order=order)
