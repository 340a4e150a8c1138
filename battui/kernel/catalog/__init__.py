"""The librarian: keeps the catalog up with the image in the background."""
