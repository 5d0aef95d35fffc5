"""The demo newsroom's money: its owners, a year of its books, and what waits for its treasurer."""
