"""The ballot protocol: blind-signed credentials, sealed ballots, a public board, and its checking.

Pure: no database, no web, no clock. What it protects and what it does not is told in
``docs/elections-threat-model.md``, why it is built so in ``docs/decisions/ballot-secrecy.md``.
"""
