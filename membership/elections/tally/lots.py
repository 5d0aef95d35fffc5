"""Lots that anybody can draw again from a public seed.

The generator is the one OpenTally documents, after Ronald L. Rivest: SHA-256 over the seed, a
comma and a counter that starts at 0, read as a number; numbers above the largest multiple of n
are thrown away; the rest modulo n.
"""

from hashlib import sha256

SPAN = 2**256


class Lots:
    """The numbers that a seed gives, one after the other."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._counter = 0

    def draw(self, n: int) -> int:
        """The next number from 0 to n - 1, each as likely as any other."""
        while True:
            digest = sha256(f"{self.seed},{self._counter}".encode()).digest()
            self._counter += 1
            number = int.from_bytes(digest)
            if number < SPAN // n * n:
                return number % n
