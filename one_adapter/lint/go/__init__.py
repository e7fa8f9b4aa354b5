"""How the gateway, a program in Go, reads a file and an address."""
