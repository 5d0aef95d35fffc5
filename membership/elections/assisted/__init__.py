"""The way without JavaScript: the server is the voter's client, in memory, for one request."""
