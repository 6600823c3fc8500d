"""What waits: contacts, needs, priorities and the desk they belong to. Pure: no clock, no I/O."""
