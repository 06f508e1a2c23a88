"""The directory: units, officers and operators, and the files that change them."""
