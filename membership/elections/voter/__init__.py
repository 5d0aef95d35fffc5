"""The voter's own client, for those who trust no page: it draws, seals, casts and checks on her machine."""
