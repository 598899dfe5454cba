"""Teaches the encoder to hear in noise: see `__main__`."""
