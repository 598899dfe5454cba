"""A shop with the steps that made-up callers know, and no more, so that it loads at once."""

from __future__ import annotations

from pathlib import Path

MAIN = """\
language: en-US
start: main_menu
steps:
  main_menu:
    ask: What can I do for you?
    grammar: wish
    store: wish
    free: true
    nomatch: Sorry, what can I do for you?
    on_trouble: to_agent
    next: {hours: hours, order: order, else: to_agent}
  hours:
    say: We are open from nine to six.
    served: true
    next: anything_else
  order:
    matter: {about: order}
    say: It is on its way.
    served: true
    next: offer_tracking
  offer_tracking:
    offer_text: Shall I text you the details?
    intent: tracking
    number:
      ask: To the number ending in {text.ending|digits}?
      other: Which number should I send it to?
    accepted: anything_else
    declined: anything_else
    unavailable: anything_else
  anything_else:
    ask: Is there anything else?
    grammar: builtin:boolean
    store: other
    free: true
    on_trouble: goodbye
    next: {"true": main_menu, else: goodbye}
  to_agent:
    transfer: queue:support
    on_failure: goodbye
  goodbye:
    say: Goodbye.
    hangup: auto
"""
WISH = """\
#ABNF 1.0 UTF-8;
language en-US;
tag-format <semantics/1.0>;
root $wish;
public $wish = (when are you open | what are your opening hours) {out = "hours"}
    | (where is my order | order status | where is my package) {out = "order"};
"""


def make_small_shop(folder: Path) -> Path:
    """Write it into ``folder``, and give that back."""
    for name, text in (
        ("flows/main.yaml", MAIN),
        ("grammars/wish.gram", WISH),
        ("queues.yaml", "queues:\n  support: {wrap_up_s: 15}\n"),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder
