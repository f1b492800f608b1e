"""A port is had by one program only, from the moment on at which it is asked for."""

import pytest

from scheduler.ports import bound


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_of_two_programs_that_want_a_port_at_one_moment_the_second_is_told_so_at_once(host):
    with bound(host, 0) as first, pytest.raises(OSError):
        bound(host, first.getsockname()[1])
