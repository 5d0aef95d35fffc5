"""The middle floor: how we speak to the world."""
