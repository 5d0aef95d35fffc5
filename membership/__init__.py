"""The readers who own the paper: their money, their votes, their board."""
