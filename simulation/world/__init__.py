"""The world around the engine: callers, conversations, agents, as a scenario describes them."""
