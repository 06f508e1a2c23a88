"""SMS vendors: what each must be able to do (`protocol`), one adapter a file, and the registry."""
