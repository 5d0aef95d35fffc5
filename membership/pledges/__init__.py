"""Promises to pay: once, monthly or yearly; gifts, seats for others, dunning and withdrawal."""
