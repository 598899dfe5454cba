"""Writes trees as SRGS in XML form, and takes places off them: for tests that compare notations."""

from __future__ import annotations

from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from voicebot.grammar.ast import (
    NOWHERE,
    Alternative,
    Alternatives,
    Expansion,
    ExternalRef,
    Grammar,
    InLanguage,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    Tag,
    Token,
)
from voicebot.grammar.srgs_xml import NAMESPACE


def write_xml(grammar: Grammar, abnf_suffix: str = ".gram", xml_suffix: str = ".gram") -> str:
    """Write a grammar. References to files with ``abnf_suffix`` go to such with ``xml_suffix``.

    The base is not written, for references are joined with it already.
    """
    attributes = [f"xmlns={quoteattr(NAMESPACE)}", 'version="1.0"', f'mode="{grammar.mode}"']
    if grammar.language:
        attributes.append(f'xml:lang="{grammar.language}"')
    if grammar.root:
        attributes.append(f'root="{grammar.root.name}"')
    if grammar.tag_format:
        attributes.append(f"tag-format={quoteattr(grammar.tag_format)}")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<grammar {' '.join(attributes)}>"]
    lines += [f"<lexicon uri={quoteattr(uri)}/>" for uri in grammar.lexicons]
    for kind, pairs in (("name", grammar.meta), ("http-equiv", grammar.http_equiv)):
        for name, content in pairs:
            if name == "base":
                continue
            lines.append(f"<meta {kind}={quoteattr(name)} content={quoteattr(content)}/>")
    lines += [f"<tag>{escape(tag.text)}</tag>" for tag in grammar.header_tags]
    for rule in grammar.rules:
        scope = "public" if rule.public else "private"
        lines.append(f'<rule id="{rule.name}" scope="{scope}">')
        inside = _inside(rule.expansion) or "<item/>"
        lines.append(inside.replace(f"{abnf_suffix}#", f"{xml_suffix}#"))
        lines.append("</rule>")
    text = "\n".join([*lines, "</grammar>"])
    return text.replace(f'{abnf_suffix}"', f'{xml_suffix}"')


def _inside(node: Expansion) -> str:
    """Write what stands between the tags of an element that holds ``node``."""
    if isinstance(node, Sequence) and len(node.items) != 1:
        return "\n".join(_written(item) for item in node.items)
    return _written(node)


def _written(node: Expansion) -> str:
    match node:
        case Token():
            simple = node.text and not any(mark in node.text for mark in ' "')
            return escape(node.text) if simple else f"<token>{escape(node.text)}</token>"
        case Tag():
            return f"<tag>{escape(node.text)}</tag>"
        case RuleRef():
            return f'<ruleref uri="#{node.name}"/>'
        case ExternalRef():
            uri = quoteattr(node.uri + (f"#{node.rule}" if node.rule is not None else ""))
            media_type = f" type={quoteattr(node.media_type)}" if node.media_type else ""
            return f"<ruleref uri={uri}{media_type}/>"
        case Special():
            return f'<ruleref special="{node.name.value}"/>'
        case Sequence():
            return f"<item>{_inside(node)}</item>"
        case Alternatives():
            items = "\n".join(_choice(item) for item in node.items)
            return f"<one-of>\n{items}\n</one-of>"
        case Repeat():
            most = "" if node.maximum is None else str(node.maximum)
            times = most if node.minimum == node.maximum else f"{node.minimum}-{most}"
            chance = "" if node.probability is None else f' repeat-prob="{node.probability:.12f}"'
            return f'<item repeat="{times}"{chance}>{_inside(node.item)}</item>'
        case InLanguage():
            return f'<item xml:lang="{node.language}">{_inside(node.item)}</item>'


def _choice(item: Alternative) -> str:
    weight = "" if item.weight is None else f' weight="{item.weight:.12f}"'
    return f"<item{weight}>{_inside(item.expansion)}</item>"


def bare(node: Expansion) -> Expansion:
    """Give the same tree with no place in any node."""
    match node:
        case Sequence():
            return Sequence(tuple(bare(item) for item in node.items), NOWHERE)
        case Alternatives():
            items = (Alternative(bare(item.expansion), item.weight) for item in node.items)
            return Alternatives(tuple(items), NOWHERE)
        case Repeat() | InLanguage():
            return replace(node, item=bare(node.item), at=NOWHERE)
        case _:
            return replace(node, at=NOWHERE)
