"""HTTP: the API, health, metrics."""
