"""Sounds: speech, music, tones, and how they lie on disk."""
