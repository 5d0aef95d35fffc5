"""The demo newsroom's content: an invented city, its paper, twelve stories and their pictures."""
