"""The live wall: one picture of the line as it stands, for everybody who looks."""
