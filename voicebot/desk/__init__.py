"""The desk: what an agent sees and does. Queues, calls and records stay in rooms of their own."""
