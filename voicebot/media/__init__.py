"""Sound as numbers: frames, G.711, resampling, tones, the event loop's clock."""
