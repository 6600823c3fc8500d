"""The demonstration: a desk on loopback with callers and agents as processes of their own."""
