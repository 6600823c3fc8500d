"""The feed: entries leave by number once they are written, for whoever follows; it waits for nobody."""
