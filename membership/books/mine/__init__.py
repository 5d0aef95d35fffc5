"""For who is signed in: what one is owed, and what becomes of it."""
