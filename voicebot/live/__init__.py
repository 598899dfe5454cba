"""Applications that change while the server runs: versions, what calls hold, the watch."""
