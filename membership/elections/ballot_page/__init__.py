"""The page on which a voter draws, ranks, casts and checks: served by the ballot box."""
