"""What the five services have in common: events, the bus, the clock, sealing, web and process life.

Imports nothing from `services`. Each module has one subject; start with `events` and `flows`, then
`outbox` and `inbox`, then `service`.
"""
