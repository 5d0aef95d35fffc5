"""How a contract ends without signing in: withdrawal, and cancellation."""
