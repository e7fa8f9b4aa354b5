"""WRITE: the plan as files."""
