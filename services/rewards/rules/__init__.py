"""Pure decisions: who has earned a reward, and what may happen to a payout."""
