"""Who is a member, and the register of shares."""
