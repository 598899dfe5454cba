"""What leaves us and must arrive: asked over HTTP, signed, tried again later each time."""
