"""Every kind of letter can be looked at before a unit gets it, by the templates of the office, with nothing real in it."""

from dataclasses import replace

import pytest

from intake.config import load
from intake.model import LetterKind
from intake.texts import Texts
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.specimen_letters import UNIT, specimens
from tests.builders import office
from tests.builders.site import site


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    config = site(tmp_path_factory.mktemp("site"), imap_port=9, smtp_port=9)
    with open_app(load(config, environment={}, need_password=False), SteppedClock(office.START)) as opened:
        yield opened


def with_(app, **changes):
    stationery = replace(app.bench.stationery, **changes.pop("stationery", {}))
    settings = replace(app.settings, **changes)
    return replace(app, bench=replace(app.bench, settings=settings, stationery=replace(stationery, settings=settings)))


def test_every_kind_has_a_specimen_and_each_is_of_its_kind(app):
    found = specimens(app)
    assert {one.kind for one in found} == set(LetterKind)
    assert not [one for one in found if one.mistake or one.absent]
    subjects = {one.kind: one.subject for one in found}
    assert subjects[LetterKind.CORRECTION].startswith("【请补正】")
    assert subjects[LetterKind.UPDATE].startswith("【更新回执】")
    assert subjects[LetterKind.UNREADABLE].startswith("【请重新发送】")
    assert [one.subject[:6] for one in found if one.kind is LetterKind.REMINDER] == [
        "【报送提醒】", "【今日截止】", "【逾期未报】", "【报送提醒】",
    ]  # fmt: skip


def test_no_real_unit_and_no_address_of_the_roster_is_shown_and_nothing_is_kept(app):
    text = "".join(one.subject + one.body for one in specimens(app))
    assert UNIT in text
    assert not [one for one in (*office.UNITS, *office.UNITS.values(), office.CLERK) if one in text]
    with app.bench.reading() as record:
        assert record.connection().exec_driver_sql("SELECT count(*) FROM outbox").scalar() == 0


def test_only_the_kinds_that_are_asked_for_are_written(app):
    assert {one.kind for one in specimens(app, frozenset({LetterKind.DIGEST}))} == {LetterKind.DIGEST}


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (b"{% if %}", "第1行有误"),
        ("主题 {{ nothing }}\n\n正文".encode(), "nothing"),
        ("主题 {{ 1 / 0 }}\n\n正文".encode(), "ZeroDivisionError"),
        ("主题\n\n正文".encode("gbk"), "UTF-8"),
        ("只有主题".encode(), "第一行应为主题"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_and_the_others_are_shown(app, tmp_path, template, words):
    (tmp_path / "question.txt.j2").write_bytes(template)
    changed = with_(app, stationery={"texts": Texts(tmp_path)})
    found = {one.kind: one for one in specimens(changed)}
    assert words in found[LetterKind.QUESTION].mistake
    assert "question.txt.j2" in found[LetterKind.QUESTION].mistake
    assert not [one for one in found.values() if one.mistake and one.kind is not LetterKind.QUESTION]


def test_a_campaign_without_deadlines_says_which_letters_it_never_writes(app):
    campaign = app.settings.campaign
    rolling = replace(campaign, collections=tuple(replace(one, deadline=None) for one in campaign.collections))
    found = {one.kind: one for one in specimens(with_(app, campaign=rolling))}
    assert found[LetterKind.REMINDER].absent
    assert found[LetterKind.ACKNOWLEDGEMENT].subject
    assert not [one for one in found.values() if one.mistake]


def test_each_form_of_the_campaign_alone_gives_specimens(app):
    campaign = app.settings.campaign
    for one in campaign.collections:
        found = specimens(with_(app, campaign=replace(campaign, collections=(one,))))
        assert not [letter.mistake for letter in found if letter.mistake]
        assert next(letter for letter in found if letter.kind is LetterKind.CORRECTION).subject
