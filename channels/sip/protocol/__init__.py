"""SIP as RFC 3261 has it: messages, transactions, dialogs, digest, registrar. Pure."""
