"""What the tests of README's recipes add to a copy of the repository."""
