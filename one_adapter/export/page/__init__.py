"""A page of ours that loads nothing: its frame, its pieces, its style."""
