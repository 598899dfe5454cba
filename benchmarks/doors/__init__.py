"""What each door costs for its audio alone, and how much delay it adds.

    python -m benchmarks.doors [sip audiosocket ...] [--calls 20] [--seconds 20]

A door is opened in a process of its own (`host`) with nobody behind it but a listener: no speech
recognition, no flow, a steady tone going out. Another process calls it. Cost is the processor time
of the door's process over all calls that run; delay is from the moment a burst's first packet
leaves the caller to the moment its first frame is read from `CallLeg.events`, on one call.

A door takes part with a module of its name here that has

- ``GOAL``: the percent of a core that one call may cost;
- ``async def open_door(reception) -> tuple[CallDoor, dict[str, Json]]``: opens it on free ports of
  127.0.0.1 and gives what a caller must know;
- ``async def speak(address, bursts, seconds)``: one call: connects, sends a frame of audio every
  20 ms for so long, silence but for `bursts.BURST_FRAMES` frames of tone once a second whose
  beginnings it tells ``bursts.left(now)``, reads what comes, and hangs up. Audio all the time,
  also in silence.

A measurement of another shape has ``async def run(options) -> list[Cost]`` instead.
"""
