"""A configuration played: the proxy on it, asked for every name, with an echo in place of every vendor."""
