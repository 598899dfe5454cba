"""Understanding of what callers say in their own words."""
