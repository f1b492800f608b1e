"""Readers: one family of formats each, bytes → `Document`. They don't know each other; `dispatch` knows them all.

- `word` (wordml, wordgrid, wordfields, wordcontrols, wordlook): .docx and its kin · `wordbinary` (doc*): Word 97, second best
- `excel` (workbook, sheetscan, sheetstyles): .xlsx · `oldexcel` (biff*): .xls, .et · `ods` (odsstyles) · shared: `sheetcells`,
  `sheetgrid`, `numbers`
- `pdf` (pdf*): printed pages · `image`: pictures · shared by both: `scanned` (what the OCR engine saw), `ruled`
- `markup` (htmlgrid, htmlstyle): HTML, MHT · `plain`: text, CSV
- white text on white: `paper`, `wordpaper`, `sheetcolors`, `biffcolors`, `htmlcolors` · remarks beside the text: `comments`
- shared: `ink` (looks of text), `symbols` (Wingdings), `opc` (packages), `media` and `picturesize` (pasted pictures), `rtfend`
"""
