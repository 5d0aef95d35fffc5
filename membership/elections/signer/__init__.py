"""The signer: a process of its own, the only one that reads an election's signing key."""

DOOR = "signer"
