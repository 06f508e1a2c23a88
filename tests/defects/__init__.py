"""Seeded defects: what the suite must notice, written down and tried (`make defects`).

Each is one text of the tree replaced by a worse one that still compiles and starts. The tests that
guard it must pass on the tree as it is, and fail with the defect in it: fail, not break.
"""
