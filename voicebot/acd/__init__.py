"""Automatic call distribution: the right person for everybody who needs one, soon.

`acd.Acd` is the whole of it: an event and the time go in, effects come out. Pure: no tasks, sockets
or clocks, and nothing of the other rooms. `erlang` and `staffing` are the arithmetic of how many
agents it takes.
"""
