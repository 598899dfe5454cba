"""The doors that calls come through. `_api` is the contract; each door is a file or a folder."""
