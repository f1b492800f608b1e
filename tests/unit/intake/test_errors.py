"""What the system says of a file is told in Chinese, whatever the language of the machine."""

import os

import pytest

from intake.errors import system_words


@pytest.mark.parametrize(
    ("name", "what", "words"),
    [
        ("nothing", lambda path: path.read_bytes(), "没有这个文件或文件夹"),
        (".", lambda path: path.read_bytes(), "这是文件夹，不是文件"),
        ("file/below", lambda path: path.read_bytes(), "路径中间有一段不是文件夹"),
        ("x" * 300, lambda path: path.write_bytes(b""), "文件名太长"),
        ("file", lambda path: path.mkdir(), "同名的文件已经在那里"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="other systems refuse the same in other ways")
def test_what_the_system_refuses_is_told_in_chinese(tmp_path, name, what, words):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError) as raised:
        what(tmp_path / name)
    assert system_words(raised.value) == words


def test_what_is_not_known_stays_as_the_system_says_it():
    assert system_words(OSError(99_999, "Something else")) == "Something else"
    assert system_words(TimeoutError()) == "TimeoutError"
