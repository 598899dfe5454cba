"""Self-service: named SQL and HTTP actions that flows call."""
