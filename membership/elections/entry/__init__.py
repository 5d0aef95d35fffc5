"""A member's own entry on the roll, and her objection to it."""
