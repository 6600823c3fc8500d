"""By whose monotonic clock this process tells the time."""

import secrets
import time
from pathlib import Path

from channels.sip.b2bua.registration import Boot

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def this_boot() -> Boot:
    """Without the kernel's word every process counts as a boot of its own, and Unix time decides."""
    try:
        name = BOOT_ID.read_text().strip()
    except OSError:
        name = secrets.token_hex(16)
    return Boot(name, (time.time_ns() - time.monotonic_ns()) // 1_000_000)
