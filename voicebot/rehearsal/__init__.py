"""Conversations that are played without callers: tests of an application, and replays of calls."""
