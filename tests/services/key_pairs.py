"""One pair of keys of each kind for all actors, where a test is not about keys: RSA takes long to make."""

from functools import cache

from federation import keys

once = cache(keys.generate)
