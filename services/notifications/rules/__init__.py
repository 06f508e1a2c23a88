"""The decisions of notifications, pure: what becomes of an SMS, when it may leave, what is read."""
