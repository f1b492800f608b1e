"""parsers: bytes → values. Knows no mail, no database, no clock, no config file.

The way of a document:

1. `sniff`      what the bytes are, by content; name and declared type are hints only
2. `archives`   a .zip is opened within a budget, each member goes the same way
3. `readers/*`  one file a family: bytes → `document.Document` (paragraphs and grids)
4. `recognize`  which of the campaign's forms stand in the document, and where
5. `extract`    label → value by geometry; every non-empty cell explained or left over
6. `fields`     one raw text → one checked value of its field type, or a problem
7. `parse`      the page that calls 1–6 in order: `parse_document` → `forms.DocumentReading`

`worker` runs that in a locked-down child process, `isolate` is the parent's side of the pipe,
`codec` the JSON between the two. `notice` reads a notice into a proposed campaign.
"""
