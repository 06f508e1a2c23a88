"""Sessions, failures and accounts in the database."""
