"""The command line, one file a noun.

`table` lists the verbs, `entry` runs one and turns its error into a line and an exit status, `verb`
is the kind of click command they all are. A command parses its options and calls the library.
Heavy imports belong inside the commands: `--help` imports every file here.
"""
