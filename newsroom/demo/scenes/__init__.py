"""What the demo's pictures show, one file per kind of subject."""
