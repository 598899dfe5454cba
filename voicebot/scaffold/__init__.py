"""What `voicebot new` writes: a small application in each language, one folder each."""
