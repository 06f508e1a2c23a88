"""What counts as what, which numbers may be shown, and how sure a share is. Plain values only."""
