"""Income and costs besides pledges and invoices, and what the bank's debits paid."""
