"""`battui adapter train --from-image`: an adapter of one's own, trained on what the image has learned."""
