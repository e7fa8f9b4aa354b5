"""A run in which no call leaves the machine."""
