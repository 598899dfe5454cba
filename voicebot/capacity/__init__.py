"""How many calls this machine carries: `trial` measures, `estimate` does the sums."""
