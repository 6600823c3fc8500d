"""The call between caller, engine, agent and media. Pure."""
