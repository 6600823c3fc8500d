"""A compiled kernel for search only: plain policies, decision for decision as the engine, else refused."""
