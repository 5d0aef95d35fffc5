"""The real services that tests run against, each in one file."""
