"""Python functions of an application: read (`source`, `signature`) without being run, and run in a
process of their own (`pool`, `process`; `child` and `importing` are the other side)."""
