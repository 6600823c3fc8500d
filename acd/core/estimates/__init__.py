"""How long a contact will wait: estimates from the engine's own state. They change nothing."""
