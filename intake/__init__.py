"""intake: mail in, the record, mail out. Knows parsers, not the scheduler.

The way of a mail:

1. `fetch`     server UIDs that the database has not → raw literal (`imap_*`: the session and the wire)
2. `archive`   raw bytes → fsynced, content-addressed .eml; only then a row
3. `read`      the worker unpacks the mail (`unpack`: the `mime` walk, then `parsers.parse` a document) → `MailReading`;
               around `mime`: `structure`, `transfer`, `headers`, `head`, `addresses`, `bodies`, `quotes`, `page`, `links`, `dsn`
4. `triage`    person or machine; may it be answered (`bounce`: whom a bounce is about; `authentication`: is From proved,
               unproved or refuted)
5. `assess`    accepted / correction / review / ignored, field by field: `pieces` sorts the files, `identify` finds the
               unit on the `roster`, `merge` joins copies, `completion` takes a reply into the form it answers,
               `contradiction` hears words against a form, `weighing` what the roster says of a value, `spoken` what is
               said without a form (`phrases`), `faults` and `reasons` name what is wrong; `junk` for junk folders
6. `ledger`    which version of each unit × form is in force, derived from all submissions in order of arrival, as they
               count after what people decided of them (`decisions`) and noted of units (`unit_notes`); `standing`: how a unit
               stands with a form, in the words of every list
7. `reply`     what is to be said: 回执, 补正, 请重发 … as drafts (`echo`: the values; `neutral`: before anything is decided;
               `drafting`); `letters` writes them with `texts` (templates), `words`, `fault_words`, `compose` (the bytes)
8. `outbox`    letters under a unique business key; `deliver` takes them to the server (`smtp`, `answers`, `caps`,
               `witness`); `outbox_desk`, `again` (a second time), `halt` (none at all) and `restored` are what people decide
9. `summary`   the 汇总表

What the clerk does: `cases` (a mail as a person decides about it), `decide` (the actions, one transaction each), `settling`
(what the sender is told then), `noting` (calls, excuses, paper copies).

What the office changes by itself: `config_edit` (config.toml with its comments), `roster_changes` (what a new roster would
change), `roster_table` (the roster as a sheet to be given back); `whole_files` writes them.

`originals` lets people see what came (`file_names`: under which name), `own_letter` what went, `outlines`
documents as a person compares them.
`explain` tells all this of one mail (`intake inspect --explain`); `blank_file` reads the office's own blank forms.
`pipeline` is steps 3–8 for one message, top to bottom: the page to show a newcomer. `db` is the record of it all.
"""
