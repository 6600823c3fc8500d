"""Followers: a second engine, fed by snapshot and entries, whose state is the server's a moment ago."""
