"""The embedded IMAP server has NetEase's habits, as a client that is not ours sees them."""

import imaplib
import socket
import threading
import time
from datetime import UTC, datetime

import pytest

from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import SENT, MailStore
from scheduler.demo.server import DemoMailbox

LOGIN, CODE = "office@mail.example.com", "ABCDEFGHIJKLMNOP"
NOON = datetime(2025, 5, 28, 4, 0, tzinfo=UTC)
ID = ("NONAUTH", "AUTH", "SELECTED")


@pytest.fixture
def server():
    with DemoMailbox(LOGIN, CODE) as running:
        yield running


class Talk:
    """A conversation line by line."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def say(self, command):
        """Send a command and return all lines of the answer."""
        self.socket.sendall(b"t " + command.encode() + b"\r\n")
        lines = []
        while line := self.file.readline():
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if line.startswith(b"t "):
                break
        return lines

    def enter(self, folder="INBOX", verb="SELECT"):
        self.say(f"LOGIN {LOGIN} {CODE}")
        self.say("ID NIL")
        return self.say(f'{verb} "{folder}"')


def test_it_greets_and_offers_what_coremail_offers(server):
    with Talk(server.port) as talk:
        assert talk.greeting.startswith(b"* OK Coremail")
        capabilities, _ = talk.say("CAPABILITY")
    assert {"IMAP4rev1", "ID", "UIDPLUS", "X-CM-EXT-1", "LITERAL+"} <= set(capabilities.split())
    assert not {"IDLE", "MOVE", "CONDSTORE", "UNSELECT", "STARTTLS"} & set(capabilities.split())


def test_login_wants_the_right_words(server):
    with Talk(server.port) as talk:
        assert talk.say(f"LOGIN {LOGIN} wrong") == ["t NO LOGIN Login error or password error"]
        assert talk.say(f'LOGIN "{LOGIN}" "{CODE}"') == ["t OK LOGIN completed"]
    assert server.logins == 2
    assert "wrong" not in " ".join(server.commands)
    assert CODE not in " ".join(server.commands)


def test_literals_work_in_both_forms(server):
    with Talk(server.port) as talk:
        talk.socket.sendall(b"t LOGIN {%d+}\r\n%s {%d}\r\n" % (len(LOGIN), LOGIN.encode(), len(CODE)))
        assert talk.file.readline() == b"+ ready\r\n"
        talk.socket.sendall(CODE.encode() + b"\r\n")
        assert talk.file.readline() == b"t OK LOGIN completed\r\n"


def test_select_and_examine_are_unsafe_without_id(server):
    with Talk(server.port) as talk:
        talk.say(f"LOGIN {LOGIN} {CODE}")
        for verb in ("SELECT", "EXAMINE"):
            assert talk.say(f"{verb} INBOX") == [f"t NO {verb} Unsafe Login. Please contact kefu@188.com for help"]
        assert talk.say("SEARCH ALL") == ["t NO State error"]
        assert talk.say('LIST "" *')[-1].startswith("t OK")
        talk.say('ID ("name" "x")')
        assert talk.say("SELECT INBOX")[-1] == "t OK [READ-WRITE] SELECT completed"


def test_nothing_is_shown_before_login(server):
    with Talk(server.port) as talk:
        for command in ('LIST "" *', "SELECT INBOX", "UID SEARCH ALL"):
            assert talk.say(command)[-1].startswith("t NO")


def test_select_tells_a_constant_uidvalidity_and_no_uidnext(server):
    server.deliver("INBOX", b"x", NOON)
    with Talk(server.port) as talk:
        lines = talk.enter()
    assert "* 1 EXISTS" in lines
    assert "* OK [UIDVALIDITY 1] UIDs valid" in lines
    assert "UIDNEXT" not in " ".join(lines)
    assert "\\*" not in " ".join(lines), "keywords can't be stored"


def test_folders_come_in_modified_utf_7_with_their_uses(server):
    with Talk(server.port) as talk:
        talk.say(f"LOGIN {LOGIN} {CODE}")
        lines = talk.say('LIST "" *')
        assert '* LIST (\\Sent) "/" "&XfJT0ZAB-"' in lines
        assert '* LIST () "/" "&dcVr0mWHTvZZOQ-"' in lines
        talk.say("ID NIL")
        assert talk.say('EXAMINE "&XfJT0ZAB-"')[-1].startswith("t OK")
        assert talk.say('EXAMINE "nowhere"') == ["t NO Folder not exist"]


def test_mails_are_served_to_the_byte_with_their_time_of_arrival(server):
    raw = b"Subject: \xd3\xc3\n\nLF only {5}\n"
    uid = server.deliver("INBOX", raw, NOON)
    client = imaplib.IMAP4("127.0.0.1", server.port, timeout=5)
    client.login(LOGIN, CODE)
    client.xatom("ID", "NIL")
    client.select("INBOX", readonly=True)
    _, items = client.uid("FETCH", str(uid), "(FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
    client.logout()
    assert items[0][1] == raw
    assert b"RFC822.SIZE %d" % len(raw) in items[0][0]
    assert b'INTERNALDATE "28-May-2025 12:00:00 +0800"' in items[0][0]


def test_pieces_and_headers_can_be_asked_for(server):
    uid = server.deliver("INBOX", b"Subject: a\r\n b\r\nTo: x\r\nX-Intake-Id: m\r\n\r\n0123456789", NOON)
    with Talk(server.port) as talk:
        talk.enter()
        assert talk.say(f"UID FETCH {uid} BODY.PEEK[]<0.7>")[:2] == [
            f"* 1 FETCH (UID {uid} BODY[]<0> {{7}}",
            "Subject)",
        ]
        assert talk.say(f"UID FETCH {uid} BODY.PEEK[TEXT]")[1] == "0123456789)"
        header = talk.say(f'UID FETCH {uid} (BODY.PEEK[HEADER.FIELDS (SUBJECT "X-Intake-Id")])')
        assert header[1:5] == ["Subject: a", " b", "X-Intake-Id: m", ""]
        assert talk.say(f"UID FETCH {uid} NONSENSE") == ["t BAD invalid command or parameters"]


def test_only_a_read_with_a_writable_folder_and_without_peek_marks_as_read(server):
    uid = server.deliver("INBOX", b"x", NOON)

    def flags():
        return server.mailbox.find("INBOX", uid).flags

    with Talk(server.port) as talk:
        talk.enter(verb="EXAMINE")
        talk.say(f"UID FETCH {uid} BODY[]")
        talk.enter(verb="SELECT")
        talk.say(f"UID FETCH {uid} (BODY.PEEK[] FLAGS)")
        assert flags() == frozenset()
        talk.say(f"UID FETCH {uid} RFC822")
        assert flags() == {"\\Seen"}


def test_searching_finds_numbers_and_no_text(server):
    uids = [
        server.deliver("INBOX", b"Subject: x\r\n\r\n", NOON, flags=["\\Seen"] if seen else []) for seen in (1, 0, 0)
    ]
    with Talk(server.port) as talk:
        talk.enter()

        def search(criteria):
            return talk.say(f"UID SEARCH {criteria}")[0]

        assert search("ALL") == "* SEARCH " + " ".join(map(str, uids))
        assert search("UNSEEN") == f"* SEARCH {uids[1]} {uids[2]}"
        assert search(f"UID {uids[1]}:{uids[2]}") == f"* SEARCH {uids[1]} {uids[2]}"
        assert search("2") == f"* SEARCH {uids[1]}"
        assert search("9999999999:*") == search(f"UID {uids[2] + 1}:*") == f"* SEARCH {uids[2]}"
        assert search("SINCE 28-May-2025") == search("ALL")
        assert search("SINCE 29-May-2025") == search('SUBJECT "x"') == search("HEADER Subject x") == "* SEARCH"
        assert talk.say("UID SEARCH CHARSET UTF-8 ALL") == ["t BAD invalid command or parameters"]
        server.habits = Habits(text_search_finds_all=True)
        assert search("FROM nobody") == search("ALL"), "Tencent's habit"


@pytest.mark.parametrize(
    "command", ["IDLE", "MOVE 1 x", "ENABLE CONDSTORE", "STARTTLS", "APPEND INBOX", "STORE 1 x", "EXPUNGE"]
)
def test_what_it_does_not_know_is_bad_and_the_session_goes_on(server, command):
    with Talk(server.port) as talk:
        talk.enter()
        assert talk.say(command) == ["t BAD command not support"]
        assert talk.say("NOOP") == ["t OK NOOP completed"]


@pytest.mark.parametrize(
    "line", [b"\r\n", b"t\r\n", b"(\r\n", b'"\r\n', b"t LOGIN {99999999}\r\n", b"x" * 70_000 + b"\r\n", b"\xff\xfe\r\n"]
)
def test_nonsense_never_takes_the_server_down(server, line):
    with Talk(server.port) as talk:
        talk.socket.sendall(line)
    with Talk(server.port) as talk:
        assert talk.say("NOOP") == ["t OK NOOP completed"]


def test_changes_are_told_at_noop(server):
    first, second = (server.deliver("INBOX", b"x", NOON) for _ in range(2))
    with Talk(server.port) as talk:
        talk.enter()
        server.mailbox.remove("INBOX", first)
        third = server.deliver("INBOX", b"y", NOON)
        assert talk.say("UID SEARCH ALL")[0] == f"* SEARCH {first} {second}", "the view is as old as the SELECT"
        assert (
            talk.say(f"UID FETCH {first} (RFC822.SIZE BODY.PEEK[])")[0]
            == f"* 1 FETCH (UID {first} RFC822.SIZE 0 BODY[] NIL)"
        )
        assert talk.say("NOOP") == ["* 1 EXPUNGE", "* 2 EXISTS", "t OK NOOP completed"]
        assert talk.say("UID SEARCH ALL")[0] == f"* SEARCH {second} {third}"


def test_uids_are_large_ascending_and_never_used_twice():
    store = MailStore()
    uids = [store.deliver("INBOX", b"x", NOON) for _ in range(3)]
    store.remove("INBOX", uids[2])
    moved = store.move("INBOX", uids[0], "垃圾邮件")
    assert uids[0] > 10**9
    assert uids[0] < uids[1] < uids[2] < moved < store.deliver("INBOX", b"x", NOON)
    assert [mail.uid for mail in store.mails("垃圾邮件")] == [moved]
    with pytest.raises(KeyError):
        store.deliver("nowhere", b"x", NOON)


def test_mails_can_be_put_in_from_many_threads(server):
    def put():
        for _ in range(200):
            server.deliver("INBOX", b"x", NOON)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Talk(server.port) as talk:
        assert "* 800 EXISTS" in talk.enter()


def test_a_sent_copy_can_be_filed(server):
    server.deliver(SENT, b"Subject: ours\r\n\r\n", NOON)
    with Talk(server.port) as talk:
        talk.enter()
        assert '* STATUS "&XfJT0ZAB-" (MESSAGES 1 RECENT 0 UIDVALIDITY 1 UNSEEN 1)' in talk.say(
            'STATUS "&XfJT0ZAB-" (MESSAGES)'
        )


def test_it_stops_with_clients_connected_and_can_be_started_again():
    server = DemoMailbox(LOGIN, CODE, habits=Habits(stall_on="NOOP"))
    server.start()
    with Talk(server.port) as talk:
        talk.socket.sendall(b"t NOOP\r\n")
        time.sleep(0.05)
        assert server.connections == 1
        server.stop()
        assert talk.file.readline() == b""
    assert server.connections == 0
    with server, Talk(server.port) as talk:
        assert talk.say("CAPABILITY")


def test_a_taken_port_is_an_error(server):
    with pytest.raises(OSError):  # noqa: SIM117
        with DemoMailbox(LOGIN, CODE, port=server.port):
            pass


# --- faults ----------------------------------------------------------------------------------------------------------


def test_logins_beyond_the_limit_get_the_sentence_for_everything(server):
    server.habits = Habits(maximum_logins=1)
    with Talk(server.port) as talk:
        assert talk.say(f"LOGIN {LOGIN} {CODE}")[-1].startswith("t OK")
        assert "login frequency limited" in talk.say(f"LOGIN {LOGIN} {CODE}")[-1]


def test_the_faults_do_what_they_say(server):
    uid = server.deliver("INBOX", b"0123456789", NOON)

    def fetch(what, **habits):
        with Talk(server.port) as talk:
            talk.enter()
            server.habits = Habits(**habits)
            lines = talk.say(f"UID FETCH {uid} ({what})")
            server.habits = Habits()
            return lines

    assert fetch("RFC822.SIZE", size_error=-3)[0] == f"* 1 FETCH (UID {uid} RFC822.SIZE 7)"
    assert fetch("BODY.PEEK[]", nil_bodies=True)[0] == f"* 1 FETCH (UID {uid} BODY[] NIL)"
    assert fetch("BODY.PEEK[]", announced_error=5)[0] == f"* 1 FETCH (UID {uid} BODY[] {{15}}"
    assert fetch("BODY.PEEK[]", hang_up_on=frozenset({uid})) == []
    assert fetch("BODY.PEEK[]", refuse_body_of=frozenset({uid})) == ["t BAD Fetch error"]
    assert fetch("BODY.PEEK[]<0.2>", partial_fetch=False)[1] == "0123456789)"
    assert len([line for line in fetch("FLAGS", untagged_noise=True) if line.startswith("* ")]) == 5


def test_a_connection_can_be_cut_after_any_byte(server):
    for cut in (0, 1, 30, 60):
        server.habits = Habits(cut_after_bytes=cut)
        with Talk(server.port) as talk:
            received = talk.greeting
            if len(received) == 46:
                talk.socket.sendall(b"t CAPABILITY\r\n")
                received += talk.file.read()
        assert len(received) == cut


def test_it_says_goodbye_after_so_many_commands(server):
    server.habits = Habits(bye_after_commands=1)
    with Talk(server.port) as talk:
        talk.say("NOOP")
        assert talk.say("NOOP") == ["* BYE IMAP4rev1 Server logging out"]
