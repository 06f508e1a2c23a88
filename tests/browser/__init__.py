"""What a citizen sees and presses, in a real Chromium."""
