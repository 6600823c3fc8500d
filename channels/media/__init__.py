"""The media engine: greetings, music and relay, in a process of its own."""
