"""Plain values: clock, money, phones, seals, pauses."""
