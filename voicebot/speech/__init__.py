"""Recognition and synthesis: contracts, engines, and the worker processes that hold them."""
