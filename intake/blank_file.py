"""The office's own blank forms: the files that config.toml names → `parsers.blank.Blank`s in the campaign's forms.

In: settings, an open worker. Out: settings whose forms have their blank, or an OfficeError that lists every file that
won't do. The files are parsed by the worker like any document. Stage before: `config`; after: everything that reads mail.
Must not: parse in this process, use a blank that has values on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from intake.errors import OfficeError, system_words
from intake.fault_words import ENGINE_HELP
from intake.settings import Collection, Settings
from intake.words import KIND_WORDS
from parsers.codec import CodecError, from_json, to_json
from parsers.document import Failure, FailureCode
from parsers.forms import FormSpec
from parsers.frames import JsonObject
from parsers.isolate import Stopped, Worker
from parsers.template import Template

_SECONDS = 90.0  # an old .doc needs LibreOffice's first start
_NAMED = 6  # labels told one by one

# A file that came by mail has other words: there the sender is asked, here the office mends its own file.
_FAILURES: Mapping[FailureCode, str] = {
    FailureCode.ENCRYPTED: "设有打开密码。请去掉密码另存，再写进配置",
    FailureCode.DAMAGED: "文件已损坏或不完整。请换一份打得开的，另存为 .docx 再写进配置",
    FailureCode.EMPTY: "文件是空的（0字节）。请换成真正的空白表",
    FailureCode.UNSUPPORTED: "{kind}不能当空白表用。请换成 Word、Excel 或 PDF 文件（压缩包请先解压）",
    FailureCode.NEEDS_ENGINE: "{engine}。也可以另存为 .docx 再写进配置",
    FailureCode.UNRECOGNIZED: "是图片或扫描件，图像识别不够准，不能当空白表用。请换成 Word、Excel 的原件",
    FailureCode.TOO_LARGE: "超出读取限制。请只留下表格，另存为 .docx 再写进配置",
    FailureCode.LOCK_FILE: "是打开文档时产生的临时文件，不是文档本身。请改写文档自己的文件名",
    FailureCode.REFUSED: "文件构造异常，出于安全没有打开。请用 Word 或 WPS 打开，另存为 .docx 再写进配置",
    FailureCode.TIMEOUT: "读取超时。请另存为 .docx 再写进配置",
    FailureCode.CRASHED: "读取时程序出错。请另存为 .docx 再试；还不行请把日志交给维护人员",
}


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
            f"空白表读不到：{path}（{system_words(error)}）。请检查《{collection.form.title}》的 blank 所写的文件名。"
        ) from error
    header: JsonObject = {"name": path.name, "form": collection.form.id, "forms": to_json(forms)}
    answer = worker.call("blank", header, data, timeout_s=_SECONDS)
    template = _typed(answer.json) if not isinstance(answer, Stopped) else Template(failure=_failure(answer))
    problems = list(_problems(template, collection, forms, path.name))
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


def _problems(template: Template, collection: Collection, forms: tuple[FormSpec, ...], name: str) -> Iterator[str]:
    form = collection.form
    labels = {spec.key: spec.label for spec in form.fields}
    if template.failure is not None:
        yield f"空白表 {name} 读不出来：{_failure_words(template.failure)}。"
    elif template.blank is None and template.in_lines:
        yield (
            f"空白表 {name} 里《{form.title}》的栏目是一行一行的文字（“姓名：____”），不是表格，没有位置可以对照。"
            "请换成表格式的空白表，或删去 blank 这一项：不用它，这样的来件也照常读。"
        )
    elif template.blank is None:
        titles = "、".join(f"《{one.title}》" for one in forms if one.id in template.others)
        found = f"，只有{titles}" if titles else ""
        yield (
            f"空白表 {name} 里没有找到《{form.title}》的表格{found}。"
            "请核对文件，或核对本表各栏的 label 与表上是否一致。"
        )
    else:
        if template.missing:
            missing = _listed([labels[key] for key in template.missing])
            yield (
                f"空白表 {name} 上没有《{form.title}》要收的栏目：{missing}。请核对文件，或把表上的叫法加进该栏的 aliases。"
            )
        if template.filled:
            filled = _listed([labels[key] for key in template.filled])
            yield f"空白表 {name} 已经填有内容（{filled}）。请换成没有填写的空白表：表上已有的文字不会再当作填报内容。"


def _failure_words(failure: Failure) -> str:
    engine = ENGINE_HELP.get(failure.detail)
    lacking = f"本机未装读取程序：{engine}" if engine else "本机没有读取此类文件的程序"
    return _FAILURES[failure.code].format(kind=KIND_WORDS.get(failure.detail, "此类文件"), engine=lacking)


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
