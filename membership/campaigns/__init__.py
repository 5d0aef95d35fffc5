"""Goals that readers reach together: campaigns, and pitches for single stories."""
