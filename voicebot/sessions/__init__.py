"""One conversation from beginning to end."""
