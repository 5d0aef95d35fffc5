"""Ed25519 public keys that nobody may vote with: points of small order, and odd encodings."""

P = 2**255 - 19
SIGN = 1 << 255
_Y8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)


def _encodings() -> list[bytes]:
    small = [0, 1, P - 1, _Y8, P - _Y8]
    beyond = [P, P + 1, P + 5, 2**255 - 1]
    return [(y + sign).to_bytes(32, "little") for y in small + beyond for sign in (0, SIGN)]


ODD_KEYS = [*_encodings(), b"\x05" * 31, b"\x05" * 33, b""]
