"""The studio: where stories are written, put out and corrected."""
