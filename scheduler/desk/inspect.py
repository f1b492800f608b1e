"""`intake inspect`: what the program would make of a mail, a bare document or a folder of mails. Stores and sends nothing.

`--json` prints one object a line in the form that DESIGN fixes; without it a table for a person.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from intake import report
from intake.blank_file import with_blanks
from intake.config import load
from intake.errors import OfficeError, system_words
from intake.explain import MailExplanation, explanation
from intake.fault_words import file_text, problem_text
from intake.model import Disposition, Submission
from intake.pipeline import Examined, examine_document, examine_mail
from intake.places import place_words, rule_words
from intake.read import explain_document, explain_mail
from intake.roster import Roster, parse_roster
from intake.settings import Settings
from intake.words import DISPOSITION_WORDS
from parsers.codec import to_json
from parsers.isolate import Worker
from parsers.services import Services
from parsers.text import clean
from scheduler.desk import explained, options, printing

_LEFT_CHARACTERS = 60
# A file that begins like this is a mail whatever its name; everything else is a bare document.
_MAIL_BEGINNINGS = (b"Received:", b"Return-Path:", b"From:", b"Delivered-To:", b"X-", b"MIME-Version:", b"Message-ID:")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "inspect", parents=[common], help="看看一封邮件、一个文件或一个文件夹会被怎样识别（不存档、不发信）"
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="路径", help=".eml 邮件、表格文件，或装有它们的文件夹")
    command.add_argument("--json", action="store_true", help="每封一行 JSON，供程序读取")
    command.add_argument("--explain", action="store_true", help="说明每项从哪里、怎样读出，把握多大，哪些没有采用")
    command.add_argument("--roster", type=Path, metavar="文件", help="改用这份名册（.xlsx 或 .csv）")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Inspect the given paths; exit 1 if something among them wants the clerk."""
    settings = load(options.config_path(arguments), environment=os.environ, need_password=False)
    roster = _roster(arguments.roster, settings)
    paths = list(_files(arguments.paths))
    work_left = False
    console = printing.screen()
    with Worker(handlers="intake.unpack", service=Services()) as worker:
        settings = with_blanks(settings, worker)
        quiet = not sys.stderr.isatty() or len(paths) < 2
        for path in track(paths, description="识别中", console=Console(stderr=True), disable=quiet):
            examined = _examine(path, worker, settings, roster)
            work_left = work_left or examined.assessment.disposition is Disposition.REVIEW
            told = _explained(path, examined, worker, settings, roster) if arguments.explain else None
            if arguments.json:
                line = report.to_contract(examined.assessment, str(path), settings.campaign.forms)
                if told is not None:
                    line["explanation"] = to_json(told)
                print(json.dumps(line, ensure_ascii=False), flush=True)  # a pipe's reader sees each mail at once
            else:
                _show(console, path, examined, settings, told)
    return 1 if work_left else 0


def _roster(path: Path | None, settings: Settings) -> Roster:
    chosen = path or settings.roster_file
    try:
        return parse_roster(chosen.read_bytes(), chosen.name, region=settings.office.region)
    except FileNotFoundError as error:
        if path is None:
            return Roster(())  # the example campaign has no roster: every unit is unknown, and the output says so
        raise OfficeError(f"名册文件不存在：{path}。请检查 --roster 后面的路径。") from error
    except OSError as error:
        raise OfficeError(f"名册文件读不到：{chosen}（{system_words(error)}）。") from error


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.exists():
            yield path
        else:
            raise OfficeError(f"没有这个文件：{path}。")


def _in_folder(folder: Path) -> list[Path]:
    """Return the mails in a folder; without any mail in it, all its files: somebody saved the attachments there."""
    files = sorted(found for found in folder.rglob("*") if found.is_file() and not found.name.startswith("."))
    mails = [found for found in files if found.suffix.lower() == ".eml"]
    if not files:
        raise OfficeError(f"文件夹里没有文件：{folder}。请检查路径。")
    if mails and len(mails) < len(files):
        left = f"{folder}：只看了 {len(mails)} 封邮件，另有 {len(files) - len(mails)} 个文件没有看；要看请写出文件名。"
        print(clean(left), file=sys.stderr)
    return mails or files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OfficeError(f"文件读不到：{path}（{system_words(error)}）。") from error


def _is_mail(path: Path, data: bytes) -> bool:
    return path.suffix.lower() == ".eml" or data.startswith(_MAIL_BEGINNINGS)


def _explained(path: Path, examined: Examined, worker: Worker, settings: Settings, roster: Roster) -> MailExplanation:
    data, campaign, area_code = _bytes(path), settings.campaign, settings.office.area_code
    if _is_mail(path, data):
        traces = explain_mail(worker, data, examined.reading, campaign.forms, area_code=area_code)
    else:
        traces = explain_document(worker, data, path.name, campaign.forms, area_code=area_code)
    return explanation(examined.reading, examined.triage, examined.assessment, traces, campaign=campaign, roster=roster)


def _examine(path: Path, worker: Worker, settings: Settings, roster: Roster) -> Examined:
    data = _bytes(path)
    if _is_mail(path, data):
        return examine_mail(data, worker=worker, settings=settings, roster=roster)
    return examine_document(data, path.name, worker=worker, settings=settings, roster=roster)


def _show(console: Console, path: Path, examined: Examined, settings: Settings, told: MailExplanation | None) -> None:
    assessment = examined.assessment
    console.rule(clean(f"{path.name}  {DISPOSITION_WORDS[assessment.disposition]}"), align="left")
    if told is not None:
        printing.lines(console, explained.lines(told))
        _show_rest(console, examined)
        return
    printing.lines(console, (f"  {reason}" for reason in assessment.reasons))
    for submission in assessment.submissions:
        _show_submission(console, submission, settings)
    _show_rest(console, examined)


def _show_rest(console: Console, examined: Examined) -> None:
    problems = examined.assessment.file_problems
    printing.lines(console, (f"  {one.file or '邮件'}：{file_text(one.problem, clerk=True)}" for one in problems))
    printing.lines(console, (f"  没有对应栏目的文字：{left}" for left in _left_over(examined)))
    console.print()


def _left_over(examined: Examined) -> Iterator[str]:
    """Yield what stands in the forms and was explained by no rule: nothing that was written passes unseen."""
    documents = [one.document for one in examined.reading.documents]
    while documents:
        document = documents.pop(0)
        documents = [*document.members, *documents]
        for form in document.forms:
            for left in form.leftovers:
                yield f"“{' '.join(left.text.split())[:_LEFT_CHARACTERS]}”（{place_words(left.place)}）"


def _show_submission(console: Console, submission: Submission, settings: Settings) -> None:
    form = settings.campaign.collection(submission.form).form
    labels = {spec.key: spec.label for spec in form.fields}
    rows: list[tuple[object, ...]] = []
    told = {problem.field: problem for problem in submission.problems if problem.field is not None}
    for reading in submission.fields:
        problem = told.pop(reading.key, None)
        words = "" if problem is None else problem_text(problem, labels.get(reading.key, reading.key))
        value = {True: "是", False: "否", None: ""}.get(reading.value, reading.value)  # type: ignore[arg-type]
        label = labels.get(reading.key, reading.key)
        rows.append((label, value, reading.label, place_words(reading.place), rule_words(reading.rule), words))
    for key, problem in told.items():
        rows.append((labels.get(key, key), "", "", "", "", problem_text(problem, labels.get(key, ""))))
    of_all = (one for one in submission.problems if one.field is None)
    rows += [("整表", "", "", "", "", file_text(one, clerk=True)) for one in of_all]
    title = f"《{form.title}》  {submission.unit or '（单位未对应）'}"
    console.print(printing.table(title, ("项目", "内容", "表中栏目", "位置", "读法", "问题"), rows))
    printing.lines(console, (f"  说明：{note}" for note in submission.notes))
