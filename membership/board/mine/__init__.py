"""The pages of those who sit on the board, act for it, or are asked to sit."""
