"""Open multichannel automatic call distributor."""

__version__ = "0.1.0"
