"""The desk's accounts: what names and passwords are taken, and that the file is whole and for this account only."""

import json
import stat

import pytest

from intake.errors import OfficeError
from scheduler.web.accounts import FILE, Accounts

GOOD = "correct horse 7"


@pytest.fixture
def accounts(tmp_path):
    return Accounts(tmp_path)


def test_an_account_is_made_changed_and_removed(accounts, tmp_path):
    accounts.put("王芳", GOOD)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert GOOD not in (tmp_path / FILE).read_text()
    before = accounts.fingerprint("王芳")
    accounts.put("王芳", GOOD + "8")
    assert accounts.fingerprint("王芳") != before
    assert (accounts.is_right("王芳", GOOD), accounts.is_right("王芳", GOOD + "8")) == (False, True)
    assert accounts.remove("王芳")
    assert not accounts.remove("王芳")
    assert accounts.names() == ()
    assert not accounts.is_right("王芳", GOOD + "8")
    assert [one.name for one in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "password", ["", "short 7", "x" * 201, "12345678", "１３９００００００００", "aaaaaaaaaa", "abababab"]
)
def test_a_password_that_is_guessed_soon_is_refused_and_the_old_one_stays(accounts, password):
    accounts.put("王芳", GOOD)
    with pytest.raises(OfficeError, match="密码"):
        accounts.put("王芳", password)
    assert accounts.is_right("王芳", GOOD)


@pytest.mark.parametrize("name", ["", " 王芳", "王\n芳", "x" * 33])
def test_a_name_that_can_not_be_typed_again_is_refused(accounts, name):
    with pytest.raises(OfficeError, match="用户名"):
        accounts.put(name, GOOD)


@pytest.mark.parametrize("content", ["[1", "[]", json.dumps("x")])
def test_a_spoilt_file_lets_nobody_in_and_says_what_to_do(accounts, tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(OfficeError, match="intake desk user 重新设置"):
        accounts.is_right("王芳", GOOD)
