"""The master key: where it comes from, and the ciphers made of it.

Whoever has the vault's file *and* the master key reads everything. A key file in the data directory is
the embedded default because it works at once; a copy of the whole directory (a backup, a stolen disk) then
holds both. Keep the key elsewhere in production: the environment variable, or a key file outside the backup.
An erased contact stays unreadable with either: its own key is gone.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from acd.content.errors import VaultDamagedError, VaultKeyError
from acd.files import sync_path, write_synced

KEY_BYTES = 32
VARIABLE = "ACD_VAULT_KEY"
_NONCE_BYTES = 12
RESTORE = "bring back the key that these data were stored with, from where it is kept: it never changes"
SEAL_BYTES = _NONCE_BYTES + 16
"""By so much is what is sealed longer than it was: nonce and tag."""


class MasterKey:
    """32 secret bytes; keys for wrapping, look-ups and records are derived from them (HKDF, RFC 5869)."""

    def __init__(self, secret: bytes, source: str = "") -> None:
        """`source`: where it comes from, for messages. Raises VaultKeyError unless `secret` has 32 bytes."""
        self.source = source or "the vault's master key"
        if len(secret) != KEY_BYTES:
            raise VaultKeyError(f"{self.source} must have {KEY_BYTES} bytes, not {len(secret)}: {RESTORE}")
        self.wrapping = Cipher(_derive(secret, b"acd vault: wrapping"))
        self.records = Cipher(_derive(secret, b"acd vault: recovery records"))
        self.lists = Cipher(_derive(secret, b"acd vault: lists of people"))
        self._lookup = _derive(secret, b"acd vault: look-up")

    @classmethod
    def load(cls, key_file: Path, environment: Mapping[str, str] | None = None) -> "MasterKey":
        """From ACD_VAULT_KEY (base64) if it is set, else from `key_file`. Raises VaultKeyError."""
        text = (os.environ if environment is None else environment).get(VARIABLE)
        source = f"the environment variable {VARIABLE}" if text else str(key_file)
        return cls(_decode(text, source) if text else _read(key_file), source)

    @classmethod
    def load_or_create(cls, key_file: Path, environment: Mapping[str, str] | None = None) -> "MasterKey":
        """As `load`; with neither, a random key is made and stored in `key_file` (mode 0600)."""
        with suppress(FileExistsError):
            if not (os.environ if environment is None else environment).get(VARIABLE):
                _create(key_file)
        return cls.load(key_file, environment)

    def lookup(self, *parts: str) -> bytes:
        """A keyed digest (HMAC-SHA-256) of the parts: equal for equal parts, meaningless without the key."""
        message = b""
        for part in parts:
            octets = part.encode()
            message += len(octets).to_bytes(4, "big") + octets
        return hmac.digest(self._lookup, message, "sha256")


def context(*parts: str) -> bytes:
    """What sealed bytes are bound to. No part but the last may have a NUL in it."""
    return "\0".join(parts).encode()


class Cipher:
    """AES-256-GCM with a random 96-bit nonce in front (NIST SP 800-38D §8.2.2)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt, bound to `context`: the same context is needed to open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt; raises VaultDamagedError if key, context or bytes are not those of `seal`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise VaultDamagedError("stored bytes do not pass their authentication") from error


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_synced(path, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n", exclusive=True)
    sync_path(path.parent)


def _read(path: Path) -> bytes:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise VaultKeyError(
            f"no master key: set {VARIABLE}, or provide {path} ({error.strerror}); {RESTORE}"
        ) from error
    if mode & 0o077:
        raise VaultKeyError(f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    return _decode(text, str(path))


def _decode(text: str, source: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise VaultKeyError(f"{source} must be {KEY_BYTES} bytes in base64: {error}; {RESTORE}") from error
