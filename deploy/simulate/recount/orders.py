"""The ids that the orders for a case's reward can have: they follow from the case."""

from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

# A vendor that puts off for days gets a new one each time.
MOST_ORDERS = 400


def reward_id(case: str) -> UUID:
    """One case, one reward."""
    return uuid5(NAMESPACE_URL, f"urn:mashang:reward:{case}")


def orders(case: str) -> list[str]:
    """Every id that an order for a case's reward can have."""
    own = reward_id(case)
    return [sha256(f"{own}/{n}".encode()).hexdigest()[:32] for n in range(1, MOST_ORDERS)]
