"""Tells other programs what happens in contacts: webhooks, signed, kept until they are taken."""
