"""Everything that makes the expert: families of examples, their check, and the data drawn from them."""
