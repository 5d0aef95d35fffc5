"""The ballot box: a process of its own, with its own files, that knows no members."""

OUTER = "ballot-box"
INNER = "ballot-box-inside"
