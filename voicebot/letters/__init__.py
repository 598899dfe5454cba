"""Notices of alerts on their way to people: written down, sent, tried again."""
