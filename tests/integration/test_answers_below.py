"""An answer that stands below our own letter, quoted by a program that does not mark it, completes the form."""

import json
import sqlite3
from datetime import timedelta
from functools import cache

import pytest

from intake.config import example_path, load
from intake.mime import unpack
from tests.builders import office
from tests.replay.play import Arrival, play

STONE, ADDRESS = next(iter(office.UNITS.items()))
HEAD = "------------------ 原始邮件 ------------------\n发件人: 区安办\n发送时间: 2025年5月28日\n主题: 请补正\n\n"
FORM = Arrival(office.mail(ADDRESS, "联络员表", attachment=office.liaison(STONE, mobile="")), office.START)


def run(folder, *more):
    example = load(example_path(), environment={}, need_password=False)
    play([FORM, *more], example, office.roster(), folder)
    return sqlite3.connect(folder / "intake.sqlite")


@cache
def our_letter(folder):
    ((raw,),) = run(folder).execute("select raw from outbox where kind = 'correction'").fetchall()
    return unpack(raw).own_text


@pytest.fixture
def letter(tmp_path_factory):
    return our_letter(tmp_path_factory.getbasetemp() / "first")


def outcome(folder, words):
    """The dispositions of both mails, and the mobile number in force."""
    raw = office.mail(ADDRESS, "回复：请补正", text=words, number=2)
    database = run(folder, Arrival(raw, office.START + timedelta(minutes=10), answers=ADDRESS))
    dispositions = [row for (row,) in database.execute("select disposition from messages order by id")]
    fields = [json.loads(row) for (row,) in database.execute("select fields from submissions order by id")]
    (mobile,) = [one["value"] for one in fields[-1] if one["key"] == "mobile"]
    return dispositions, mobile


@pytest.mark.parametrize("answer", ["13912345678", "手机：13912345678\n林小满\n"])
def test_an_answer_below_our_unmarked_letter_completes_the_form(tmp_path, letter, answer):
    assert outcome(tmp_path / "run", f"{HEAD}{letter}\n\n{answer}\n") == (["correction", "accepted"], "13912345678")


def test_a_value_in_what_is_quoted_answers_nothing(tmp_path, letter):
    words = f"{HEAD}手机：13912345678\n{letter}\n\n"
    assert outcome(tmp_path / "run", words) == (["correction", "review"], None)
    changed = f"{HEAD}{letter.replace('手机', '手机：13912345678', 1)}\n\n"
    assert outcome(tmp_path / "other", changed) == (["correction", "review"], None)
