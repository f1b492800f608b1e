"""intake: mail in, the record, mail out. Knows parsers, not the scheduler.

The way of a mail:

1. `fetch`     server UIDs that the database has not → raw literal (imap-tools is at home here)
2. `archive`   raw bytes → fsynced, content-addressed .eml; only then a row
3. `read`      the worker unpacks the mail (`unpack`: `mime` walk, then `parsers.parse` a document) → `model.MailReading`
4. `triage`    person or machine; may it be answered
5. `roster`    which unit, by which evidence
6. `assess`    accepted / correction / review / ignored, field by field
7. `reply`     what is to be said: 回执, 补正, 请重发 … as drafts; `compose` makes the bytes (`texts`: the wording)
8. `outbox`    drafts under a unique business key; `deliver` takes them to the SMTP server
9. `summary`   the 汇总表

`pipeline` is steps 3–8 for one message, top to bottom: the page to show a newcomer. `db` is the record of it all.
"""
