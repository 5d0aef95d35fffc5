"""``Reject``: a follow of ours is refused or ended, or a follower is asked to go.

The same act answers a follow as ``Accept`` does; the outcome differs.
"""

from federation.activities.accept import apply, check

__all__ = ["apply", "check"]
