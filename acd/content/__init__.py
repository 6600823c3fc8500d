"""Bytes that are personal data, behind one port: one key per contact encrypts them."""
