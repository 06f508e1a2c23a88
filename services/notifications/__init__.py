"""Notifications: the two SMS of a case, and one-time codes, each sent once.

It hears case.verified (thanks for the complaint), reward.paid (the airtime has arrived) and
otp.requested (a code that shows whose a phone is), sends through a vendor's registered templates,
finds out what became of every message, also of those whose answer was lost, and says
message.settled of a case's SMS once when that is certain or given up.
"""
