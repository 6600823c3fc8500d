"""The live server: one driver of the engine, its journal and its channels in one process."""
