"""What the rooms count, as figures for ``/metrics``.

The rooms know nothing of Prometheus and the web room nothing of the rooms; this is where they meet.
`server` has what all doors share; each door has a file of its own.
"""
