"""The rules once more, by other means: plain loops over the list of facts.

Written from the rules' own words. It reads the policy as TOML, counts days by the standard library,
and imports nothing of the program, so that a mistake in one is not in the other.
"""
