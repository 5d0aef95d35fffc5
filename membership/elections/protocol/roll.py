"""The frozen roll as salted leaves: each member knows her own, nobody else can tell whose one is."""

from collections.abc import Iterable

from commons.refusal import Refused
from membership.elections.protocol.board import leaf, tree_root

SALT = 32
NUMBER = 8  # bytes of a member number


def member_leaf(number: int, salt: bytes) -> bytes:
    """SHA-256(0x00 || member number || salt). The salt is random, a member's own, and of this roll only."""
    if len(salt) != SALT:
        raise ValueError("a salt has 32 bytes")
    return leaf(number.to_bytes(NUMBER) + salt)


def sorted_roll(leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """The leaves as they are published: sorted, so that their order tells nothing."""
    return tuple(sorted(leaves))


def check_roll(leaves: tuple[bytes, ...], size: int, root: bytes) -> None:
    """Raises Refused unless ``leaves`` are the roll that the manifest names."""
    check_sorted(leaves, "roll")
    if len(leaves) != size or tree_root(leaves) != root:
        raise Refused("The roll is not the one in the manifest.")


def check_sorted(leaves: tuple[bytes, ...], name: str) -> None:
    if list(leaves) != sorted(set(leaves)):
        raise Refused("The list %(name)s is not sorted or holds an entry twice.", name=name)
