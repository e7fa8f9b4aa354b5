"""What became of every setting, as a page."""
