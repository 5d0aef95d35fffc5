"""The treasurer's desk: what waits, and what is decided there by two."""
