"""Measurements. Each file is one; ``README.md`` says how to run them and what they showed."""
