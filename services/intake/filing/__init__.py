"""Taking in, on a citizen's behalf, what they say by phone or at a desk."""
