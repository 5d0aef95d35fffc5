"""Elections: who may vote, secret ballots, the count, and what follows from it."""
