"""What a designer should know of a grammar that compiles: `report.inspect` runs every check.

Every check is pure and bounded: it looks at so many words, sentences or pairs and no more, and a
huge grammar is looked at in part.
"""
