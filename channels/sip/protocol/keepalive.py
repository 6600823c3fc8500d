"""What phones send to keep a NAT open."""

LONGEST_KEEPALIVE = 64


def is_keepalive(data: bytes) -> bool:
    """True for packets of nothing but line breaks and NULs that phones send to keep a NAT open."""
    return len(data) <= LONGEST_KEEPALIVE and not data.strip(b"\r\n\0 \t")
