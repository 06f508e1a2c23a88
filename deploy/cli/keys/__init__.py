"""`mashang keys`: an installation's keys, how one follows another, and what each has sealed."""
