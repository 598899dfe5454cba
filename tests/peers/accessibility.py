"""What axe and its like look for in a page, as one expression for a browser.

Names of what can be used, labels, headings in order, one main part, tables with heads, references
that lead somewhere, contrast (WCAG 2.2, 1.4.3), targets that a finger meets, and nothing wider than
the screen. It looks at what is shown now.
"""

from __future__ import annotations

from typing import Final

PROBLEMS: Final = r"""
(() => {
  const found = [];
  const say = (what, e) => found.push(`${what}: ${e.outerHTML.slice(0, 160)}`);
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const name = (e) => (e.getAttribute('aria-label')
    || (e.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean)
        .map((id) => document.getElementById(id)?.textContent ?? '').join(' ')
    || [...(e.labels ?? [])].map((each) => each.textContent).join(' ')
    || e.getAttribute('alt') || e.querySelector?.('title')?.textContent || e.textContent).trim();

  if (!document.documentElement.lang) say('no language', document.documentElement);
  if (!document.title) say('no title', document.head);
  if (document.querySelectorAll('main').length !== 1) say('not one main part', document.body);
  if (all('h1').length !== 1) say('not one first heading', document.body);
  let before = 0;
  for (const e of all('h1, h2, h3, h4')) {
    const level = Number(e.tagName[1]);
    if (level > before + 1) say('heading skips a level', e);
    before = level;
  }
  for (const e of all('input, select, textarea, button, a[href], summary, audio, nav, form, '
      + 'section, [role=region], [role=img], svg[role], img')) {
    const quiet = e.matches('img[alt=""], form:not([aria-label]):not([role])');
    if (!quiet && !name(e)) say('no name', e);
  }
  for (const e of all('table')) {
    if (!e.caption) say('table without caption', e);
    if (!e.querySelector('th[scope=col]')) say('table without heads', e);
  }
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]')) {
    const named = ['aria-labelledby', 'aria-describedby'].map((each) => e.getAttribute(each) ?? '');
    for (const id of named.join(' ').split(/\s+/).filter(Boolean)) {
      if (!document.getElementById(id)) say(`refers to nothing (${id})`, e);
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids.filter((each, place) => ids.indexOf(each) !== place))) {
    say('id used twice', document.getElementById(id));
  }
  for (const e of all('button, summary, select, input:not([type=checkbox])')) {
    if (e.getBoundingClientRect().height < 44) say('too low for a finger', e);
  }
  for (const e of all('*')) {
    const style = getComputedStyle(e);
    const scrolls = e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(style.overflowX);
    const stops = e.tabIndex >= 0 || e === document.documentElement || e.querySelector('a, button');
    if (scrolls && !stops) say('scrolls, but not by keyboard', e);
  }
  if (document.documentElement.scrollWidth > innerWidth) say('too wide', document.body);

  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => Object.fromEntries(['r', 'g', 'b'].map(
    (part) => [part, top[part] * top.a + under[part] * (1 - top.a)]));
  const ground = (e) => {
    const layers = [];
    for (let each = e; each; each = each.parentElement) {
      layers.push(rgba(getComputedStyle(each).backgroundColor));
    }
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    let seen = dark ? { r: 18, g: 18, b: 18 } : { r: 255, g: 255, b: 255 };
    for (const layer of layers.reverse()) seen = over(layer, seen);
    return seen;
  };
  const light = ({ r, g, b }) => {
    const part = (v) => (v <= 10.31 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    const e = node.parentElement;
    const passed = 'title, desc, option, script, noscript, .unseen, :disabled';
    if (!node.data.trim() || !shown(e) || e.closest(passed)) continue;
    const style = getComputedStyle(e);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const under = ground(e);
    const ink = over(rgba(e.closest('svg') ? style.fill : style.color), under);
    const [high, low] = [light(ink), light(under)].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (large ? 3 : 4.5)) say(`contrast ${contrast.toFixed(2)}`, e);
  }
  return found;
})()
"""
