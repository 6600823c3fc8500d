"""The ordered, durable log of events: two journals behind one port, the stamper and the digest of facts."""
