"""The board: who sits, by which count, what she may do and for how long."""
