"""`verify CONFIG --old-binary PATH`: the user's gateway beside the proxy, an echo for their vendors."""
