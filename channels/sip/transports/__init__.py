"""Sockets that carry SIP messages."""
