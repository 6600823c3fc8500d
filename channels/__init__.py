"""The ways for contacts to come in and for agents to answer them."""
