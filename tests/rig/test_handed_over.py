"""Which letters may be uncertain at rest, and which must not be: a table."""

import sqlite3
from contextlib import closing

import pytest

from tests.rig.handed_over import Seen, at_a_kill, known_too_late, misjudged

RECEIPT, REMINDER = "acknowledgement", "reminder"


@pytest.fixture
def database(tmp_path):
    with closing(sqlite3.connect(tmp_path / "intake.sqlite", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE outbox (header_message_id TEXT, state TEXT, phase TEXT, kind TEXT)")

    def filled(state, kind=RECEIPT, phase="data"):
        with closing(sqlite3.connect(tmp_path / "intake.sqlite", isolation_level=None)) as connection:
            connection.execute("INSERT INTO outbox VALUES ('<a>', ?, ?, ?)", (state, phase, kind))
        return tmp_path / "intake.sqlite"

    return filled


@pytest.mark.parametrize(
    ("state", "kind", "cut", "taken", "copies", "told"),
    [
        ("sent", RECEIPT, True, True, True, ""),
        ("sent", RECEIPT, False, True, False, ""),
        ("uncertain", RECEIPT, True, False, True, ""),
        ("uncertain", RECEIPT, True, True, False, ""),
        ("uncertain", REMINDER, True, False, False, ""),
        ("sent", REMINDER, True, True, True, ""),
        ("uncertain", RECEIPT, True, True, True, "its copy is in the Sent folder"),
        ("uncertain", RECEIPT, False, False, True, "no kill came"),
        ("uncertain", REMINDER, True, False, True, "it was not taken"),
        ("sent", RECEIPT, True, False, False, "nobody can know"),
        ("sent", RECEIPT, True, False, True, "nobody can know"),
        ("cancelled", RECEIPT, False, True, True, "the server has it"),
        ("held", RECEIPT, False, False, True, "no server refused it"),
        ("failed", RECEIPT, False, False, False, "no server refused it"),
    ],
)
def test_a_letter_is_uncertain_only_if_nobody_can_know(database, state, kind, cut, taken, copies, told):
    seen = Seen({"<a>"} if cut else set(), {"<a>"} if taken else set(), files_copies=copies, patient=True)
    found = list(misjudged(database(state, kind), seen))
    assert any(told in one for one in found) if told else found == []


@pytest.mark.parametrize(("copies", "losses"), [(True, 1), (False, 2)])
def test_a_kill_counts_as_a_loss_only_where_the_sent_folder_does_not_tell(copies, losses):
    assert Seen({"<a>", "<b>"}, {"<a>"}, files_copies=copies, patient=True).losses == losses


def test_only_what_was_being_handed_over_is_cut_by_a_kill(database, tmp_path):
    assert at_a_kill(tmp_path / "nothing.sqlite") == set()
    for phase, state in (("", "sending"), ("connected", "sending"), ("data", "sent")):
        assert at_a_kill(database(state, phase=phase)) == set()
    assert at_a_kill(database("sending")) == {"<a>"}


def test_an_uncertain_letter_that_the_server_took_waits_for_the_next_look(database):
    assert known_too_late(database("uncertain"), {"<a>"}) == {"<a>"}
    assert known_too_late(database("uncertain"), set()) == set()
