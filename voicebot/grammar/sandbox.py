"""Runs the scripts of tags in QuickJS, with bounds on time, memory, stack and language.

SISR 1.0 asks for the compact profile of ECMAScript (ECMA-327); this gives a little more syntax and
fewer objects. The interpreter's clock is only looked at between script instructions, so whatever
could spend long inside one built-in function is taken away or bounded before a script runs:
regular expressions, BigInt, eval, proxies and collections are gone, and functions of strings and
arrays refuse long ones. What a script leaves behind is cleared before the next: its global
variables go, the built-in objects are frozen, and after a failure the whole context is replaced.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import quickjs

from voicebot.types import Json

TIME_LIMIT_S = 0.1
MEMORY_LIMIT = 4 * 1024 * 1024
STACK_LIMIT = 128 * 1024
MAX_RESULT = 64 * 1024
"""Characters of JSON that a result may have."""

_RUNS_OF_A_CONTEXT = 500

_BIGINT = re.compile(r"(?<![\w$.])\d\w*n(?![\w$])")

_PRELUDE = r"""
(function (global) {
  'use strict';
  var LONGEST_ARRAY = 1000, LONGEST_TEXT = 10000;
  var allowed = ('Object Array String Number Boolean Math Date JSON Error EvalError RangeError ' +
    'ReferenceError SyntaxError TypeError URIError parseInt parseFloat isNaN isFinite NaN ' +
    'Infinity undefined encodeURIComponent decodeURIComponent globalThis').split(' ');
  var freeze = Object.freeze, names = Object.getOwnPropertyNames, define = Object.defineProperty;
  var isArray = Array.isArray, call = Function.prototype.call;
  var run = call.call.bind(call);
  var Type = TypeError, text = String, patterns = RegExp.prototype, symbols = Symbol;

  function check(value) {
    if (typeof value === 'string') {
      if (value.length > LONGEST_TEXT) throw new Type('this text is too long');
    } else if (isArray(value)) {
      if (value.length > LONGEST_ARRAY) throw new Type('this array is too long');
    }
  }
  function gone() { throw new Type('regular expressions cannot be used in tags'); }
  function hide(object, name, value) {
    define(object, name, {value: value, writable: false, configurable: false, enumerable: false});
  }
  function bound(prototype, keep, prepare) {
    names(prototype).forEach(function (name) {
      var native = prototype[name];
      if (name === 'constructor' || typeof native !== 'function') return;
      if (keep.indexOf(name) < 0) { delete prototype[name]; return; }
      hide(prototype, name, function (a, b, c) {
        var self = prepare(this), i;
        for (i = 0; i < arguments.length; i++) check(arguments[i]);
        switch (arguments.length) {
          case 0: return run(native, self);
          case 1: return run(native, self, a);
          case 2: return run(native, self, a, b);
          case 3: return run(native, self, a, b, c);
        }
        if (name === 'push' || name === 'unshift' || name === 'concat' || name === 'splice') {
          return native.apply(self, arguments);
        }
        return run(native, self, a, b, c);
      });
    });
  }
  names(patterns).forEach(function (name) { if (name !== 'constructor') delete patterns[name]; });
  ['match', 'matchAll', 'replace', 'search', 'split'].forEach(function (name) {
    hide(patterns, symbols[name], gone);
  });
  hide(patterns, 'test', gone);
  hide(patterns, 'exec', gone);
  hide(patterns, 'constructor', undefined);

  bound(Array.prototype, ['concat', 'join', 'push', 'pop', 'reverse', 'shift', 'slice', 'sort',
    'splice', 'unshift', 'indexOf', 'lastIndexOf', 'every', 'some', 'forEach', 'map', 'filter',
    'reduce', 'reduceRight', 'includes', 'toString'], function (self) {
    if (!isArray(self)) throw new Type('this is no array');
    check(self);
    return self;
  });
  bound(String.prototype, ['charAt', 'charCodeAt', 'concat', 'indexOf', 'lastIndexOf', 'includes',
    'startsWith', 'endsWith', 'replace', 'slice', 'split', 'substr', 'substring', 'toLowerCase',
    'toUpperCase', 'trim', 'repeat', 'padStart', 'padEnd', 'toString', 'valueOf'],
    function (self) {
      var value = typeof self === 'string' ? self : text(self);
      check(value);
      return value;
    });
  hide(symbols.prototype, 'constructor', undefined);
  [function () {}, function* () {}, async function () {}, async function* () {}].forEach(
    function (sample) {
      define(Object.getPrototypeOf(sample), 'constructor', {value: undefined});
    });
  names(Object).forEach(function (name) {
    if (['keys', 'create', 'defineProperty', 'getPrototypeOf', 'prototype', 'assign', 'name',
      'length'].indexOf(name) < 0) delete Object[name];
  });
  names(Array).forEach(function (name) {
    if (['isArray', 'prototype', 'name', 'length'].indexOf(name) < 0) delete Array[name];
  });
  names(String).forEach(function (name) {
    if (['fromCharCode', 'prototype', 'name', 'length'].indexOf(name) < 0) delete String[name];
  });
  names(global).forEach(function (name) { if (allowed.indexOf(name) < 0) delete global[name]; });
  delete Object.prototype.__proto__;
  allowed.forEach(function (name) {
    var value = global[name];
    if (typeof value !== 'function' && (typeof value !== 'object' || value === global)) return;
    freeze(value);
    if (value.prototype) freeze(value.prototype);
    if (name !== 'globalThis') hide(global, name, value);
  });
  freeze(Object.getPrototypeOf(function () {}));
  return function () {
    names(global).forEach(function (name) { if (allowed.indexOf(name) < 0) delete global[name]; });
  };
})(globalThis);
"""


@dataclass(eq=False)
class ScriptFailed(Exception):
    """A script failed: ``reason`` as the interpreter puts it, ``mark`` the last one set."""

    reason: str
    mark: int

    def __str__(self) -> str:
        return self.reason


def run(source: str, mark: str) -> Json:
    """Run ``source``, whose value must be JSON text, and give what that text says.

    ``mark`` names a global number that the source sets as it goes; a failure tells its value.
    Raises ScriptFailed.
    """
    context, clear = _context()
    try:
        result = context.eval(source)
        clear()
    except Exception as error:  # noqa: BLE001 - the binding raises several, some undocumented
        reason, at = _reason(error), _mark(context, mark)
        _local.context = None
        raise ScriptFailed(reason, at) from None
    if not isinstance(result, str):
        return None
    if len(result) > MAX_RESULT:
        raise ScriptFailed("the result is too large", -1)
    try:
        return _clean(json.loads(result))
    except (ValueError, RecursionError):
        raise ScriptFailed("the result is nested too deep", -1) from None


def syntax_error(scripts: list[str]) -> tuple[int, str] | None:
    """Give the index of the first script that is no script, and what is wrong; None for none."""
    for index, script in enumerate(scripts):
        if _BIGINT.search(script):
            return index, "BigInt cannot be used in tags"
    context = quickjs.Context()
    context.set_memory_limit(64 * 1024 * 1024)
    context.set_max_stack_size(STACK_LIMIT)
    compile_one = context.eval("(function (source) { new Function(source); })")
    for index, script in enumerate(scripts):
        try:
            compile_one(script)
        except Exception as error:  # noqa: BLE001 - see run
            return index, _reason(error)
    return None


class _Local(threading.local):
    """A context may only be used by the thread that made it."""

    context: tuple[Any, Callable[[], None]] | None = None
    runs = 0


_local = _Local()


def _context() -> tuple[Any, Callable[[], None]]:
    """Give a context and what clears it after a run."""
    _local.runs += 1
    if _local.context is None or _local.runs > _RUNS_OF_A_CONTEXT:
        context = quickjs.Context()
        clear = context.eval(_PRELUDE)
        context.set_memory_limit(MEMORY_LIMIT)
        context.set_max_stack_size(STACK_LIMIT)
        context.set_time_limit(TIME_LIMIT_S)
        _local.context = context, clear
        _local.runs = 0
    return _local.context


def _reason(error: Exception) -> str:
    """Make the interpreter's message a plain one, without its stack."""
    text = str(error).strip().split("\n", 1)[0].strip()
    if "interrupted" in text:
        return f"it ran longer than {TIME_LIMIT_S * 1000:.0f} ms"
    if "out of memory" in text or text in ("", "null"):
        return "it used too much memory"
    if "stack overflow" in text or "Maximum call stack" in text:
        return "it called itself too deep"
    return text[:200]


def _mark(context: Any, name: str) -> int:
    try:
        value = context.eval(name)
    except Exception:  # noqa: BLE001 - a broken context knows no mark
        return -1
    return value if isinstance(value, int) else -1


def _clean(value: Json) -> Json:
    """Replace halves of surrogate pairs, which could not be written anywhere."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {str(_clean(key)): _clean(item) for key, item in value.items()}
    return value
