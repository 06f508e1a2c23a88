"""What operators do to a case, the same for the API and the pages.

`callbacks`, `judging`, `reviews`, `phones`; each function runs in the caller's transaction: load,
decide, save, publish. `desk` is what they have in common.
"""
