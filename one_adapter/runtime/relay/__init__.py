"""The way for what needs no translation: the client's JSON out, the upstream's answer back."""
