"""The office's own blank forms: the files that config.toml names → `parsers.blank.Blank`s in the campaign's forms.

In: settings, an open worker. Out: settings whose forms have their blank, or an OfficeError that lists every file that
won't do. The files are parsed by the worker like any document. Stage before: `config`; after: everything that reads mail.
Must not: parse in this process, use a blank that has values on it.
"""

from collections.abc import Iterator
from dataclasses import replace

from intake.errors import OfficeError
from intake.settings import Collection, Settings
from intake.words import failure_text
from parsers.codec import CodecError, from_json, to_json
from parsers.document import Failure, FailureCode
from parsers.forms import FormSpec
from parsers.frames import JsonObject
from parsers.isolate import Stopped, Worker
from parsers.template import Template

_SECONDS = 90.0  # an old .doc needs LibreOffice's first start
_NAMED = 6  # labels told one by one


def with_blanks(settings: Settings, worker: Worker) -> Settings:
    """Given settings and an open worker, return them with the blank of every form that names one.

    Raise OfficeError listing every file that can't be used, WorkerUnavailable if no worker can be started.
    """
    problems: list[str] = []
    collections: list[Collection] = []
    for collection in settings.campaign.collections:
        if collection.blank_file is None:
            collections.append(collection)
            continue
        try:
            template = read_blank(collection, settings.campaign.forms, worker)
        except OfficeError as error:
            problems.extend(error.problems)
            continue
        collections.append(replace(collection, form=replace(collection.form, blank=template.blank)))
    if problems:
        raise OfficeError(problems)
    return replace(settings, campaign=replace(settings.campaign, collections=tuple(collections)))


def read_blank(collection: Collection, forms: tuple[FormSpec, ...], worker: Worker) -> Template:
    """Given a form with a blank file, return what stands on it. Raise OfficeError listing what is wrong with the file."""
    path = collection.blank_file
    if path is None:
        return Template()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OfficeError(
            f"空白表读不到：{path}（{error.strerror}）。请检查《{collection.form.title}》的 blank 所写的文件名。"
        ) from error
    header: JsonObject = {"name": path.name, "form": collection.form.id, "forms": to_json(forms)}
    answer = worker.call("blank", header, data, timeout_s=_SECONDS)
    template = _typed(answer.json) if not isinstance(answer, Stopped) else Template(failure=_failure(answer))
    problems = list(_problems(template, collection, path.name))
    if problems:
        raise OfficeError(problems)
    return template


def blank_words(template: Template, collection: Collection) -> str:
    """Given a blank that was read, return what was found on it: 认出 9 栏（姓名、性别…）；另有 1 栏本次不收（微信号）."""
    blank = template.blank
    if blank is None:
        return "没有认出表格"
    labels = {spec.key: spec.label for spec in collection.form.fields}
    words = f"认出 {len(blank.keys)} 栏（{_listed([labels[key] for key in blank.keys])}）"
    if blank.foreign:
        words += f"；另有 {len(blank.foreign)} 栏本次不收（{_listed(list(blank.foreign))}）"
    if blank.hints:
        words += f"；{len(blank.hints)} 处填写提示不会当作填报内容"
    return words


def _problems(template: Template, collection: Collection, name: str) -> Iterator[str]:
    form = collection.form
    labels = {spec.key: spec.label for spec in form.fields}
    if template.failure is not None:
        failure = template.failure
        engine = failure.detail if failure.code is FailureCode.NEEDS_ENGINE else ""
        words = failure_text(failure.code, "", engine=engine, clerk=True)
        yield f"空白表 {name} 读不出来：{words}。请另存为 .docx 再写进配置。"
    elif template.blank is None:
        yield f"空白表 {name} 里没有找到《{form.title}》的表格。请核对文件，或核对本表各栏的 label 与表上是否一致。"
    else:
        if template.missing:
            missing = _listed([labels[key] for key in template.missing])
            yield (
                f"空白表 {name} 上没有《{form.title}》要收的栏目：{missing}。请核对文件，或把表上的叫法加进该栏的 aliases。"
            )
        if template.filled:
            filled = _listed([labels[key] for key in template.filled])
            yield f"空白表 {name} 已经填有内容（{filled}）。请换成没有填写的空白表：表上已有的文字不会再当作填报内容。"


def _listed(words: list[str]) -> str:
    shown = "、".join("".join(word.split()) for word in words[:_NAMED])
    return f"{shown}…" if len(words) > _NAMED else shown


def _typed(json: JsonObject) -> Template:
    try:
        return from_json(Template, json)
    except CodecError:
        return Template(failure=Failure(FailureCode.CRASHED, "answer of the wrong shape"))


def _failure(answer: Stopped) -> Failure:
    return Failure(answer.code, answer.detail)
