"""How a call leaves for a vendor: address, headers, body, and the vendor's quirks."""
