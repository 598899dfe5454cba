"""Alerts: what the designer wants to be told of, judged over time. Pure; time is passed in."""
