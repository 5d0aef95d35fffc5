"""The pages of the officers of elections."""
