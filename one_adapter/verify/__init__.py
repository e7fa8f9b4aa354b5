"""Proof, in the user's hands, that the new proxy behaves as the old gateway."""
