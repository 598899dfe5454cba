"""The commands: one thin file each, assembled in `main`."""
