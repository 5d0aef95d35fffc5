"""What a payer sees of her own payments."""
