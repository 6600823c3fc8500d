"""The command `acd`: check and serve a site, look at a running desk, change it, ask its journal."""
