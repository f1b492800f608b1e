"""One module a page: it gathers values from the record in one session, closes it, and hands them to a template.

`frame` has what stands around every page: the menu, the health in a word, when mail was last fetched.
"""
