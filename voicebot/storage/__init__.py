"""Records on disk: implements what the rooms above declare."""
