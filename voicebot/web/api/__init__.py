"""The API: a router per noun."""
