"""What a file of the directory may hold: its columns, its rows, its references."""
