"""One replayer: an engine goes through journalled entries again, and must decide the same."""
