"""A run: what is stale is built, what was built is kept, what is published is consistent."""
