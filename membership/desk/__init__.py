"""What a member sees of everything that is hers: the way in, her desk, her data, the way out."""
