"""config.example.toml is valid, holds the whole notice, explains every option, and says true things about defaults."""

import re
import tomllib
from datetime import date, time
from typing import get_args

import pytest
from pydantic import BaseModel

from intake.config import example_path, load
from intake.config_schema import ConfigTable, PollingTable, SendingTable, StorageTable
from intake.settings import SendMode
from parsers.forms import FieldType, FormKind

TEXT = example_path().read_text(encoding="utf-8")
# Prose comments are "# …", options that are switched off are "#key = …" or "#[[table]]".
SWITCHED_OFF = re.compile(r"^#(?=[a-z_]+ = |\[\[)", re.MULTILINE)
ALTERNATIVES = re.compile(r"^#password(_env)? = .*$", re.MULTILINE)


@pytest.fixture(scope="module")
def campaign():
    return load(example_path(), environment={}, need_password=False).campaign


def fields_of(campaign, form):
    return {field.key: field for field in campaign.collection(form).form.fields}


def required_of(campaign, form):
    return {key for key, field in fields_of(campaign, form).items() if field.required}


def test_it_holds_the_notices_four_collections_with_their_deadlines_and_audiences(campaign):
    assert campaign.document_number == "泉台安委办〔2025〕32号"
    assert campaign.published_on == campaign.starts_on == date(2025, 5, 27)
    facts = {
        collection.id: (collection.letter_label, collection.deadline, collection.form.kind, collection.voluntary)
        for collection in campaign.collections
    }
    assert facts == {
        "registration": ("附件1", date(2025, 5, 30), FormKind.TABLE, True),
        "liaison": ("附件2", date(2025, 5, 30), FormKind.TABLE, False),
        "summary": ("", date(2025, 6, 28), FormKind.DOCUMENT, False),
        "case": ("", None, FormKind.DOCUMENT, True),
    }
    assert campaign.collection("registration").audience.groups == {"成员单位"}
    assert campaign.collection("liaison").audience.everybody
    assert campaign.collection("summary").audience.everybody
    assert {collection.cutoff for collection in campaign.collections} == {time(23, 59, 59)}


def test_it_holds_the_fields_that_the_contract_names(campaign):
    registration = fields_of(campaign, "registration")
    assert list(registration) == ["unit", "has_program", "program_summary", "contact_name", "contact_phone"]
    assert required_of(campaign, "registration") == {"unit", "has_program", "contact_name", "contact_phone"}
    assert registration["program_summary"].required_when == "has_program"
    liaison = fields_of(campaign, "liaison")
    assert list(liaison) == [
        "name", "gender", "position", "office_phone", "mobile", "fax", "email", "unit", "address"
    ]  # fmt: skip
    assert required_of(campaign, "liaison") == {"name", "position", "mobile", "unit"}
    assert liaison["mobile"].type is FieldType.MOBILE
    for form in ("summary", "case"):
        assert {key: field.type for key, field in fields_of(campaign, form).items()} == {
            "unit": FieldType.UNIT,
            "title": FieldType.TITLE,
        }
        assert required_of(campaign, form) == {"unit", "title"}


def test_its_labels_and_titles_are_those_of_the_notice(campaign):
    labels = [field.label for field in campaign.collection("liaison").form.fields]
    assert labels == ["姓名", "性别", "职务", "办公电话", "手机", "传真", "电子邮箱", "单位名称", "通信地址"]
    labels = [field.label for field in campaign.collection("registration").form.fields]
    assert labels == ["单位", "现场是否提供节目", "节目概况", "联系人", "联系方式"]
    assert campaign.collection("registration").form.title == "泉州台商投资区“安全宣传咨询日”活动意向报名表"
    assert campaign.collection("liaison").form.title == "泉州台商投资区“安全生产月”活动联络员反馈表"


def test_nobody_real_is_named_but_the_mailbox_of_the_notice():
    settings = load(example_path(), environment={}, need_password=False)
    assert settings.mailbox.address == "a27398830@126.com"
    assert settings.office.contact_name == "章某某"
    assert settings.office.contact_phone == "0595-27390000"
    assert all(address.endswith("@example.com") for address in settings.clerk.addresses)


def test_letters_are_held_until_the_clerk_says_otherwise():
    settings = load(example_path(), environment={}, need_password=False)
    assert settings.sending.mode is SendMode.HOLD


def tables(model, head=""):
    """Yield (head as it stands in the file, model) of every table of the schema."""
    for name, field in model.model_fields.items():
        inner = next((part for part in (field.annotation, *get_args(field.annotation)) if is_table(part)), None)
        if inner is not None:
            dotted = f"{head}{name}"
            yield dotted, inner
            yield from tables(inner, f"{dotted}.")


def is_table(annotation):
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@pytest.mark.parametrize(("head", "model"), list(tables(ConfigTable)))
def test_every_key_of_the_schema_stands_in_its_section(head, model):
    sections = re.split(r"^#?(\[\[?[a-z.]+\]\]?)\s*$", TEXT, flags=re.MULTILINE)
    mine = "".join(body for name, body in zip(sections[1::2], sections[2::2], strict=True) if name.strip("[]") == head)
    plain = [name for name, field in model.model_fields.items() if name not in dict(tables(model))]
    missing = [name for name in plain if not re.search(rf"^#?{name} = ", mine, re.MULTILINE)]
    assert not missing


@pytest.mark.parametrize(
    "model", [field for _, field in tables(ConfigTable) if field.__name__ in {"FormTable", "FieldTable"}]
)
def test_every_key_of_a_form_is_explained(model):
    explained = re.findall(r"^#   ([a-z_]+)  ?", TEXT, re.MULTILINE)
    assert set(model.model_fields) - {"field"} <= set(explained)


@pytest.mark.parametrize("word", [*FieldType, *FormKind, *SendMode])
def test_every_choice_is_explained(word):
    assert re.search(rf'(# |　|"|#             ){word.value}["　 ]', TEXT)


def test_every_option_that_is_switched_off_is_valid_when_switched_on(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(SWITCHED_OFF.sub("", ALTERNATIVES.sub("", TEXT)), encoding="utf-8")
    settings = load(path, environment={}, need_password=False)
    assert settings.calendar[0].name == "端午节"
    assert settings.storage.template_dir == tmp_path / "templates"
    example = load(example_path(), environment={}, need_password=False)
    assert settings.mailbox.provider == example.mailbox.provider  # what the comments give as defaults are the defaults


@pytest.mark.parametrize(
    ("name", "model"), [("sending", SendingTable), ("polling", PollingTable), ("storage", StorageTable)]
)
def test_the_values_it_calls_defaults_are_the_defaults(name, model):
    assert model.model_validate(tomllib.loads(TEXT)[name]) == model()
