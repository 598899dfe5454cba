"""Flows as pictures: what to show, where to put it, SVG and Mermaid, and what real calls did."""
