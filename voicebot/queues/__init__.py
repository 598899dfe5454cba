"""The designer's ``queues.yaml``: queues for `voicebot.acd`, and rules for who goes to which."""
