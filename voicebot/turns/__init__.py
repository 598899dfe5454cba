"""Who speaks when: voice activity, endpointing, barge-in, keys. Pure, on passed-in time."""
