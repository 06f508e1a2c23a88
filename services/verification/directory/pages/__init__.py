"""The directory's pages: the tree, each thing with its history, and the forms that change it."""
