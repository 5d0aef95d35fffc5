"""Money in: charges, what a provider or the bank says about them, refunds, disputes and receipts."""
