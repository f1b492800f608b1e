"""An answer that is written between the lines of our own letter, below a word of courtesy, is never put away as courtesy."""

from datetime import timedelta

import pytest

from intake.reasons import ANSWERED_WITHIN, NOTHING_TO_DO
from tests.builders import office
from tests.integration.test_change_completed import ADDRESS, OLD, form, letters, played
from tests.replay.play import Arrival

HEAD = "\n\n------------------ 原始邮件 ------------------\n发件人: 区安办\n发送时间: 2025年5月28日\n主题: 请补正\n\n"


@pytest.fixture(scope="module")
def letter(tmp_path_factory) -> str:
    ((_, request),) = letters(played(tmp_path_factory.mktemp("first"), form(1, OLD, "")))
    return request


def judged(folder, words: str) -> tuple[str, str]:
    raw = office.mail(ADDRESS, "回复：请补正", text=words, number=2)
    arrival = Arrival(raw, office.START + timedelta(minutes=20), answers=ADDRESS)
    database = played(folder, form(1, OLD, ""), arrival)
    return database.execute("select disposition, reasons from messages order by id desc").fetchone()


def quoted(letter: str, mark: str) -> str:
    return "\n".join(mark + line for line in letter.splitlines())


@pytest.mark.parametrize("mark", ["> ", ""])
@pytest.mark.parametrize("courtesy", ["您好", "收到，谢谢"])
def test_words_between_our_lines_are_looked_at(tmp_path, letter, mark, courtesy):
    answer = quoted(letter, mark).replace("未填写。", "未填写。\n139 1234 5678")
    disposition, reasons = judged(tmp_path, f"{courtesy}{HEAD}{answer}")
    assert disposition == "review"
    assert ANSWERED_WITHIN in reasons.encode().decode("unicode_escape")


@pytest.mark.parametrize("mark", ["> ", ""])
def test_thanks_above_our_letter_as_it_was_are_put_away_however_it_is_wrapped(tmp_path, letter, mark):
    wrapped = "\n".join(line[at : at + 30] for line in letter.splitlines() for at in range(0, len(line), 30))
    disposition, reasons = judged(tmp_path, f"收到，谢谢{HEAD}{quoted(wrapped, mark)}")
    assert disposition == "ignored"
    assert NOTHING_TO_DO in reasons.encode().decode("unicode_escape")
