"""The books, open: what came in, what it was spent on, and whether all of it is still as written."""
