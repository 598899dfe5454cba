"""The Vosk recogniser: every language that has a Vosk model, along the same grammars.

`phrases` makes a grammar into what Vosk takes, `readings` turns what it heard back into meanings,
`engine` alone imports the package `vosk`.
"""
