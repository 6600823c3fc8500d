"""The ordered, durable log of events: two journals behind one port, the stamper, the codec of entries."""
