"""Notifications: the two SMS of a case, each sent once.

It hears case.verified (thanks for the complaint) and reward.paid (the airtime has arrived), sends
through a vendor's registered templates, finds out what became of every message, also of those
whose answer was lost, and says message.settled once when that is certain or given up.
"""
