"""`make simulate`: a year of a city through the real services, and counted again by other means."""
