"""The newsroom: stories, from the first draft to the front page."""
