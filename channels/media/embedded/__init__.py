"""The media engine that comes with the desk: a process of its own."""
