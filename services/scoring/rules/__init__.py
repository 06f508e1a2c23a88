"""What the verdicts demand, and the difference to what is in force. Pure.

Everything follows from the highest revision of each case alone, so the order in which verdicts
arrive does not matter: what is in force and no longer demanded is taken back, what is demanded and
not yet in force is added. A rule is one function in `plan.RULES` that yields Demands.
"""
