"""One module a family of containers; each offers `read(data, budget) -> document.Document` and raises `ReadFailure`.

Readers don't know each other. They drop what a person would not see (deleted, hidden, struck-out text) and keep
what a person would (tick marks, merged cells, the place of each cell).
"""
