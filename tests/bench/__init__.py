"""How fast it is: each measurement beside its alternatives, in rounds, in one run.

`accepts`   the real intake beside pgbench and beside FastAPI + asyncpg (goal P1)
`relay`     the outbox's relay beside aio-pika's own publishing (goal P2)
`pipeline`  the inbox with verification's handler beside FastStream (goal P3)
`growth`    every statement of all services with more and more cases behind them (goal P5)

Machines differ and are noisy: the ratios count, and rounds interleave the contestants.
"""
