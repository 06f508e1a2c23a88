"""The five services; they know `shared`, and nothing of each other."""
