"""The people's doors: `cli` (dispatch and the edge where errors become words), one small module a group of commands.

Each command module offers `add(commands)`, which adds its sub-commands to the parser with a function `run(arguments)`
that returns the exit code: 0 all well, 1 work is left for the clerk, 2 the office must mend something, 3 a server failed.
"""
