"""Findings as text for people and as the forms programs read."""
