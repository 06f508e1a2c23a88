"""Exactly-once over RabbitMQ and SQL: outbox, relay, inbox, parked events."""
