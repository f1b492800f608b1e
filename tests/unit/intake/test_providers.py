"""The table of providers: what the session and the Sent-folder witness rely on."""

import pytest

from intake.providers import PROVIDERS, provider_of


@pytest.mark.parametrize("name", ["126", "163", "yeah"])
def test_netease_wants_id_files_sent_copies_and_has_folders_where_forms_land(name):
    provider = PROVIDERS[name]
    assert provider.send_id
    assert provider.files_sent_copies
    assert provider.sent_folder == "已发送"
    assert {"垃圾邮件", "广告邮件", "订阅邮件"} <= set(provider.extra_folders)


@pytest.mark.parametrize("name", ["qq", "exmail", "aliyun", "generic"])
def test_others_get_no_unasked_command_and_are_no_witness(name):
    assert not PROVIDERS[name].send_id
    assert not PROVIDERS[name].files_sent_copies


def test_each_provider_knows_its_name_and_all_but_the_generic_one_their_hosts():
    for name, provider in PROVIDERS.items():
        assert provider.name == name
        assert bool(provider.imap_host and provider.smtp_host) == (name != "generic")
        assert (provider.imap_port, provider.smtp_port) == (993, 465), "encrypted from the first byte"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("office@126.com", "126"),
        ("office@163.COM", "163"),
        ("office@yeah.net", "yeah"),
        ("office@foxmail.com", "qq"),
        ("office@example.com", "generic"),
        ("126.com", "126"),
        ("", "generic"),
    ],
)
def test_a_provider_is_known_by_the_domain(address, name):
    assert provider_of(address) is PROVIDERS[name]
