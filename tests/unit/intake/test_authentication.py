"""Who wrote it: what the provider's results say of From, and what an attacker can write into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.authentication import Grounds, Verdict, authentication, organization
from intake.head import VERIFIED_RESULTS
from tests.builders.readings import head

UNIT = "li@qs.gov.cn"


def judge(results, sender=UNIT):
    signals = {VERIFIED_RESULTS: f"mx-1; {results}"} if results is not None else {}
    return authentication(head(from_address=sender, signals=signals))


@pytest.mark.parametrize(
    ("results", "sender", "verdict", "grounds"),
    [
        (None, UNIT, "unproved", "no_results"),
        ("", UNIT, "unproved", "unchecked"),
        ("spf=pass smtp.mail=li@qs.gov.cn; dkim=none", UNIT, "proved", "domain"),
        ("spf=pass smtp.mail=li@mail.qs.gov.cn", UNIT, "proved", "domain"),
        ("spf=pass smtp.mail=wang@qs.gov.cn", UNIT, "proved", "domain"),
        ("spf=pass smtp.mail=li@bs.gov.cn", UNIT, "unproved", "foreign"),
        ("spf=pass smtp.mail=li@qs.gov.cn.example.com", UNIT, "unproved", "foreign"),
        ("spf=pass smtp.mail=li@qq.com", "li@qq.com", "proved", "mailbox"),
        ("spf=pass smtp.mail=LI@QQ.com;", "li@qq.com", "proved", "mailbox"),
        ("spf=pass smtp.mail=wang@qq.com", "li@qq.com", "unproved", "other_mailbox"),
        ("spf=pass smtp.mail=10001@qq.com", "li@foxmail.com", "unproved", "other_mailbox"),
        ("spf=pass smtp.mail=li@163.com", "li@126.com", "unproved", "other_mailbox"),
        ("spf=pass smtp.mail=li@example.com", "li@qq.com", "unproved", "foreign"),
        ("spf=none; dkim=pass header.i=@qq.com", "li@qq.com", "proved", "signed"),
        ("spf=softfail smtp.mail=a@relay.example.com; dkim=pass header.i=@mail.qs.gov.cn", UNIT, "proved", "signed"),
        ("spf=softfail smtp.mail=li@qs.gov.cn; dkim=pass header.d=example.com", UNIT, "refuted", "failed"),
        ("spf=fail smtp.mail=li@qs.gov.cn; dkim=fail header.i=@qs.gov.cn", UNIT, "refuted", "failed"),
        ("spf=softfail smtp.mail=li@qs.gov.cn", UNIT, "refuted", "failed"),
        ("spf=neutral smtp.mail=li@qs.gov.cn; dkim=none", UNIT, "unproved", "unchecked"),
        ("spf=none smtp.mail=li@qs.gov.cn", UNIT, "unproved", "unchecked"),
        ("spf=temperror smtp.mail=li@qs.gov.cn", UNIT, "unproved", "unchecked"),
        ("dkim=fail header.i=@qs.gov.cn", UNIT, "unproved", "unchecked"),
        ("spf=pass smtp.mail=", UNIT, "unproved", "unchecked"),
        ("spf=pass", UNIT, "unproved", "unchecked"),
        ("spf=pass smtp.mail=li@qs.gov.cn", "", "unproved", "unreadable"),
    ],
)
def test_what_the_results_say_of_the_sender(results, sender, verdict, grounds):
    judged = judge(results, sender)
    assert (judged.verdict, judged.grounds) == (Verdict(verdict), Grounds(grounds))


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mail="x; dkim=pass header.i=@qs.gov.cn"@example.com; dkim=none',  # results in a local part
        "spf=pass smtp.mail=x@example.com (spf=pass smtp.mail=li@qs.gov.cn)",
        "spf=pass smtp.mail=x@qs.gov.cn;dkim=pass header.i=@qs.gov.cn; dkim=none",
        "spf=fail smtp.mail=x@example.com; spf=pass smtp.mail=li@qs.gov.cn",
        "spf=pass smtp.mail=x@example.com smtp.mail=li@qs.gov.cn",
        "spf=pass smtp.mail=x@example.com;spf=pass;@qs.gov.cn",
        "dki m=pass header.i=@qs.gov.cn",
        "=?utf-8?Q?dkim=3Dpass?= header.i=@qs.gov.cn",
    ],
)
def test_what_may_be_the_senders_own_words_proves_nothing(results):
    assert judge(results).verdict is Verdict.UNPROVED
    assert judge(results).grounds is Grounds.UNREADABLE


def test_two_addresses_in_the_envelope_are_nobody():
    assert judge("spf=pass smtp.mail=x@example.com@qs.gov.cn").grounds is Grounds.UNCHECKED


def test_only_a_refuted_or_foreign_sender_is_disowned():
    assert judge("spf=fail smtp.mail=li@qs.gov.cn").disowned
    assert judge("spf=pass smtp.mail=li@example.com").disowned
    assert not judge("spf=pass smtp.mail=wang@qq.com", "li@qq.com").disowned
    assert not judge(None).disowned


@pytest.mark.parametrize(
    ("results", "envelope"),
    [("spf=pass smtp.mail=", ""), ("spf=none smtp.mail=<>; dkim=none", ""), ("spf=pass", None), ("dkim=none", None)],
)
def test_the_null_path_is_told_from_an_untold_one(results, envelope):
    assert judge(results).envelope == envelope


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("qq.com", "qq.com"),
        ("mail.qs.example.com", "example.com"),
        ("qs.gov.cn", "qs.gov.cn"),
        ("mail.qs.gov.cn", "qs.gov.cn"),
        ("a.b.com.cn", "b.com.cn"),
        ("mail.qz.fj.cn", "qz.fj.cn"),
        ("mail.example.cn", "example.cn"),
        ("a.b.co.uk", "b.co.uk"),
        ("fj.example.com", "example.com"),
        ("gov.cn", "gov.cn"),
        ("localhost", "localhost"),
    ],
)
def test_the_organization_of_a_domain(domain, owner):
    assert organization(domain) == owner


@given(st.text(alphabet='abcdef=;. @"()<>?-_\\\t', max_size=80) | st.text(max_size=80))
def test_no_text_of_a_local_part_proves_another_domain(words):
    """Whatever stands where the envelope's local part stands, with the server's own verdict behind it."""
    judged = judge(f"spf=pass smtp.mail={words}@example.com; dkim=none")
    assert judged.verdict is not Verdict.PROVED
