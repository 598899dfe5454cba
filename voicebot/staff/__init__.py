"""The people who work with voicebot: who they are, what they may do, and what they did.

``roles`` is the table of rights. ``model`` has the records and the Protocols that storage fulfils.
``passwords`` and ``secrets`` make and check what proves who somebody is. ``desk`` answers who asks
(sign-in, sessions, tokens); ``register`` changes who there is. Both write into the audit log, and
are told the time. Cookies, pages and HTTP are the web room's.
"""
