"""`verify CONFIG --check-keys`: which keys of a configuration still open what they are for."""
