"""Privacy: what is forgotten after its time, and what citizens may ask of their own data."""
