"""Messages in text that go out by themselves: SMS with links, and answers to messengers."""
