"""A stop wakes who waits on a server and waits for the ticks, but not for ever."""

import threading

from scheduler.running import Running


def test_a_stop_wakes_what_is_registered_and_only_that():
    running, woken = Running(), []
    with running.wakeable(lambda: woken.append("gone")):
        pass
    with running.wakeable(lambda: woken.append("imap")):
        running.stop()
    assert woken == ["imap"]


def test_who_registers_after_the_stop_is_woken_at_once():
    running, woken = Running(), []
    running.stop()
    with running.wakeable(lambda: woken.append("late")):
        assert woken == ["late"]


def test_wait_returns_when_the_last_tick_is_over_and_gives_up_in_time():
    running, leave, entered = Running(), threading.Event(), threading.Event()

    def tick() -> None:
        with running.tick():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=tick)
    thread.start()
    entered.wait(5)
    assert not running.wait(0.05)
    leave.set()
    assert running.wait(5)
    thread.join()
