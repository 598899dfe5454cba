"""Makes up traffic for the demo shop: callers with wishes and moods, a month of them, seeded.

They talk to the real flows through the real interpreter, wait in the real queues and are written
down by the real accounts, all on passed-in time. Only the shop's orders and the people are made up.
"""
