"""What a caller may say: readers, one tree, the compiled word network, meaning."""
