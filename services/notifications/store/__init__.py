"""SQL of notifications: a message's way (`messages`), and the view on all of them (`overview`)."""
