"""The assembly of members: motions, agenda, notice, minutes, and what was carried."""
