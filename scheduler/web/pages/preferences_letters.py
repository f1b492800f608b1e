"""设置, 信件样张: each kind of letter by this office's templates, of one invented unit. Routes of the blueprint of `preferences`.

In: the kind that is asked for. Out: words for `preferences_letters.html`. Nothing is stored or sent.
"""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from intake.model import LetterKind
from intake.words import KIND_NAMES
from scheduler.specimen_letters import specimens
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.pages.preferences import pages

__all__ = ["pages"]


@pages.get("/preferences/letters")
@page
def letters() -> ResponseReturnValue:
    """Show the letters of one kind as units would read them."""
    name = request.args.get("kind", LetterKind.ACKNOWLEDGEMENT.value)
    if name not in set(LetterKind):
        abort(404)
    app = desk().app
    found = specimens(app, frozenset({LetterKind(name)}))
    folder = app.settings.storage.template_dir
    return render_template(
        "preferences_letters.html",
        kinds=[(kind, KIND_NAMES[kind]) for kind in LetterKind],
        kind=LetterKind(name),
        letters=found,
        own_template=folder is not None and (folder / f"{name}.txt.j2").exists(),
        folder="" if folder is None else folder.name,
    )
