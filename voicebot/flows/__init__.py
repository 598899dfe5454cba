"""Dialogues as data, and the pure interpreter that runs them.

Read with `reader.load_flows`, run with `interpreter.Interpreter`: what goes in is in `events`, what
comes out in `commands`.
"""
