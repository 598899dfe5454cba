"""How well and how fast speech is recognised: ``python -m benchmarks.recognition``."""
