"""What the records say, counted by written definitions."""
