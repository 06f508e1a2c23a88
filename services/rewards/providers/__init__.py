"""Airtime vendors: what each must be able to do (`protocol`), one adapter a file, the registry."""
