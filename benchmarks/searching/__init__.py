"""What the comparison of searches is made of: the collection, battui, its peers."""
