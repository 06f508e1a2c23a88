"""What waits for a person: shown, replayed, discarded; and how each process of a service is."""
