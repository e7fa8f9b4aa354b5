"""Several workers on one port: sockets, forks, what parent and workers say, restarts, and the end."""
