"""Open311 GeoReport v2: how other cities' tools and apps read us and hand something in.

What came in at a window is not among it: a list of single complaints by time would tell a window
who complained, and undo what the open figures hide. An app's own requests are, since it says so to
whoever sends one: without words, place and person, and of the time no more than the day.
"""
