"""Following: what became of a submission, told on its receipt."""
