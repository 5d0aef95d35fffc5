"""Givers without an account, who ask to be forgotten."""
