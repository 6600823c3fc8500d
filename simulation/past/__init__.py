"""Recorded days: replayed exactly, turned into scenarios, asked what if."""
