"""Taking in: from the signed code and the typed words to the stored submission and its receipt."""
