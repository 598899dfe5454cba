"""all-MiniLM-L6-v2, the sentence encoder for English: its tokenizer and its network."""
