"""Signing in: passwords, sessions, and the browser that holds one."""
