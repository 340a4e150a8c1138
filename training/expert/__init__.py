"""The expert for methods: its training, export, proof, evaluation and card."""
