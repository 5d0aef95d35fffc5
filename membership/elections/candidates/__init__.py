"""The pages of those who stand, and of members who propose, support and ask them."""
