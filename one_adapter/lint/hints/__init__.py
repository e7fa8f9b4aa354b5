"""What to do about a slip: the word that was meant, the place where it belongs."""
