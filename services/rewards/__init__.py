"""Rewards: 20 yuan of airtime for a substantiated complaint, paid exactly once.

Hears `case.verified` (who has earned a reward, and who no longer has), `incident.changed` (which
of them count together) and `officer.changed` (phones on the bureau's own roster are held). Says
`reward.decided`, `reward.paid` and `reward.reversed`.
Orders go to one airtime vendor under an order id that is fixed before the first byte leaves; an
order whose fate is not known is asked about, never replaced, unless two people write it off.
"""
