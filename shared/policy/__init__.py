"""The bureau's rules as numbers: `deploy/policy.toml`, checked and effective-dated.

A case is judged by the policy in force on the day it was received.
"""

from shared.policy.editions import Policies, Policy
from shared.policy.examining import Examined, examine, load
from shared.policy.naming import Level
from shared.policy.parts import Callback, Incident, Odd, Reward, Verification

__all__ = [
    "Callback",
    "Examined",
    "Incident",
    "Level",
    "Odd",
    "Policies",
    "Policy",
    "Reward",
    "Verification",
    "examine",
    "load",
]
