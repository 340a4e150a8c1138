"""A message on its way through a cell: the activation, what it calls back for, and trials of candidates."""
