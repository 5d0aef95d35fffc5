"""What others can do to us: one file for each type, ``check`` apart from ``apply``.

``check`` refuses what the actor has no right to; it writes nothing, so that ``Undo`` can
ask it again. ``apply`` has the effect, once, however often it comes.
"""
