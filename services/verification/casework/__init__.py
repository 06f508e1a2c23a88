"""Cases: opening, callbacks, verdicts, second review, and the desk at which they are worked on."""
