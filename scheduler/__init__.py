"""scheduler: time, the process, the people's doors. Knows intake and parsers; nobody knows it.

The way of a deadline:

1. `workdays`   is this a working day in China (调休 included), and how sure are we
2. `deadlines`  the named day → the instant after which a mail is late
3. `reminders`  campaign + roster + state + now → what is due to whom (pure; a reminder is a row, never a job)
4. `jobs`       the ticks: fetch, process, remind, deliver, housekeep; each short, idempotent, safe to repeat; nobody is
                reminded unless the mailbox was read a short time before (`last_read`)
5. `daemon`     APScheduler runs the ticks every ≤ 60 s; one instance a data directory
6. `desk`       the people's doors: `cli`, `status`
7. `demo`       the whole of it on loopback, on a stepped clock

`watching` looks once a minute whether the service is well (`health`) and tells it where no mail is needed for it: `board` and
`healthz` to a supervisor, `telling` and `channel` to a group robot and a dead man's switch.

`figures` counts how a campaign went: who came by itself, what reminders brought, how long mending took (the desk's 统计).
`papers` and `exports` write what the office takes away; `lookup` is what people look up, for pages and commands alike;
`beginning` tells a new office its first steps.

`office_changes` (config.toml) and `rosters` carry out what the office changes by itself; `specimen_letters` shows every kind of
letter of one invented unit; `trial_letter` lets the clerk see one arrive.

`app` builds the one frozen value that the ticks share; `clock` is the only reader of the wall clock.
"""
