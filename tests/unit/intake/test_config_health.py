"""[health]: off by default; its URLs are keys, taken over TLS only and never shown, neither right nor wrong."""

import pytest

from intake.config import example_path, load
from intake.errors import OfficeError
from intake.settings import Secret, Watching

TOKEN = "tokentoken123"


def loaded(tmp_path, *lines):
    text = example_path().read_text(encoding="utf-8").replace("[health]\n", "\n".join(["[health]", *lines, ""]))
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment={}, need_password=False)


def test_everything_is_off_by_default(tmp_path):
    assert loaded(tmp_path).health == Watching(None, None, None)


def test_urls_are_secrets_from_the_first_moment(tmp_path):
    url = f"https://alarm.example.com/hook?key={TOKEN}"
    settings = loaded(tmp_path, "port = 8025", f'webhook_url = "{url}"', f'ping_url = " {url} "')
    assert settings.health == Watching(8025, Secret(url), Secret(url))
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        f"http://alarm.example.com/{TOKEN}",
        f"ftp://127.0.0.1/{TOKEN}",
        f"alarm.example.com/{TOKEN}",
        f"https:///{TOKEN}",
        f"https://user:{TOKEN}@alarm.example.com/x",
        f"https://alarm.example.com:port/{TOKEN}",
        f"https://alarm.example.com/a b{TOKEN}",
        f"https://alarm.example.com/鑰{TOKEN}",
        f"https://alarm.example.com/x#{TOKEN}",
        f"https://alarm.example.com/{TOKEN * 200}",
        f"https://[::{TOKEN}",
    ],
)
@pytest.mark.parametrize("key", ["webhook_url", "ping_url"])
def test_what_is_no_safe_url_is_refused_without_being_repeated(tmp_path, key, url):
    with pytest.raises(OfficeError) as caught:
        loaded(tmp_path, f'{key} = "{url}"')
    (problem,) = caught.value.problems
    assert key in problem
    assert "网址" in problem
    assert TOKEN not in problem


def test_a_misspelt_key_is_told_without_its_url(tmp_path):
    with pytest.raises(OfficeError) as caught:
        loaded(tmp_path, f'webhok_url = "https://alarm.example.com/{TOKEN}"')
    assert "webhook_url" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_plain_http_is_for_this_machine(tmp_path):
    assert loaded(tmp_path, 'ping_url = "http://127.0.0.1:8000/ping/1"').health.ping_url is not None


@pytest.mark.parametrize("port", ["0", "70000", '"8025"', "true"])
def test_a_port_is_a_number_of_a_port(tmp_path, port):
    with pytest.raises(OfficeError, match="port"):
        loaded(tmp_path, f"port = {port}")
