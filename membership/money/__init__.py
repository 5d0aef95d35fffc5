"""Amounts, parties, and the ledger in which every movement of money is written once."""
