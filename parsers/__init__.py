"""parsers: bytes → values. Knows no mail, no database, no clock, no config file.

The way of a document:

1. `sniff`      what the bytes are, by content; name and declared type are hints only (`ole`: the old binary container)
2. `containers` what holds other files (`archives`, `packed`) is opened within a budget, each member goes the same way
3. `dispatch`   which reader reads it; `readers/*` bytes → `document.Document` (paragraphs and grids)
4. `recognize`  which of the campaign's forms stand in the document, and where (`headings`, `labels`, `entries`)
5. `extract`    label → value: `tags` names the cells, `pairing` enumerates the readings of a grid, `scoring` chooses,
                `people`, `persons`, `roles` and `records` tell how many forms it is; `joining` adds what stands beside a grid;
                `inlines` reads lines outside grids; every non-empty cell is explained (`remarks`, `lexicon`) or left
                over (`loose`: what it may be is asked; `accounted`: what stands beside a value in its cell);
                `contradictions` hears what a form says against itself. If the office gave its own blank form (`blank`,
                made by `template`), `alignment` reads by it and `agreement` asks where the two readings differ
6. `fields`     one raw text → one checked value of its field type, or a problem (`phones`, `names`, `answers`)
7. `looks`      of a scan only what two looks agree on is believed
8. `parse`      the page that calls 1–7 in order: `parse_document` → `forms.DocumentReading`
   `explain`    the same steps once more, watched: why each value was taken and what was not (`traces`)

`outline` opens a document by the same readers for a person who compares: its cells by place, its pages as pictures.

`worker` runs that in a child process that `confine` locks down (`landlock`, `seccomp`), `isolate` is the parent's side of
the pipe, `frames` and `codec` the JSON between the two. What the child can't do itself it asks for through the pipe
(`engines`): `services` has `office` (LibreOffice) and `unpackers` run by `programs` in a `jail`, and pictures looked at by
`ocr` in a worker of its own. `specimens` are what `intake check` tries each engine on.
"""
