// What the page itself says: in the language of the conversation, else in English.
//
// Another language is one file like words-zh.js, with the same names: the server tells which there
// are. It is loaded only where it is spoken.

import others from "./languages.js";

// The words for a language tag (BCP 47) such as "zh-CN".
export async function wordsFor(language) {
  const base = language.toLowerCase().split("-")[0];
  if (!others.includes(base)) return ENGLISH;
  try {
    return (await import(`./words-${base}.js`)).default;
  } catch {
    return ENGLISH; // no network just now: English words are better than none
  }
}

export const ENGLISH = { language: "en", direction: "ltr", launch: "Chat" };

ENGLISH.page = {
  title: "Chat with us",
  connecting: "Connecting",
  connected: "Connected",
  offline: "No connection. What you write is sent as soon as there is one.",
  over: "This conversation has ended.",
  again: "New conversation",
  write: "Your message",
  send: "Send",
  facts: "What we understood",
  change: "Change",
  save: "Save",
  replies: "Short answers",
  typing: "One moment",
  pending: "Sending",
  byPhone: "by phone",
  call: "Talk instead",
  hangUp: "Hang up",
  calling: "Connecting your call",
  onCall: "You are on the phone. Speak now.",
  callOver: "The call has ended.",
};

ENGLISH.phone = {
  open: "Call my phone",
  number: "Your phone number",
  known: "Call the number that ends in",
  other: "Or another number",
  call: "Call me",
  ringing: "We are calling your phone. You can go on writing meanwhile.",
};

ENGLISH.noAnswer = {
  busy: "Your phone was busy. Please go on here.",
  no_answer: "Nobody answered your phone. Please go on here.",
  declined: "The call was not taken. Please go on here.",
  machine: "A machine answered your phone. Please go on here.",
  unreachable: "That number could not be reached. Please go on here.",
  other: "The call could not be made. Please go on here.",
};

ENGLISH.noPhone = {
  number: "Please write the whole number, with the country: +1 555 0100.",
  elsewhere: "We cannot call numbers of that country.",
  calling: "We are calling you already.",
  rate: "That number was called often enough for now. Please go on here.",
  over: "This conversation has ended.",
  voice: "All lines are busy. Please try again in a little while, or go on here.",
  other: "The call could not be made. Please go on here.",
};

ENGLISH.line = {
  asking: "A person is being asked for you now.",
  next: "You are next in line.",
  place: "You are number {position} in line.",
  soon: "It should take less than a minute.",
  minute: "It should take about a minute.",
  minutes: "It should take about {minutes} minutes.",
  leave: "Leave the line",
  with: "You are writing with {name}.",
  writing: "An answer is being written",
};

ENGLISH.who = { bot: "We", caller: "You", agent: "Agent" };

ENGLISH.trouble = {
  unknown: ["This link does not work", "Please check that you opened the whole link, or ask for a new one."],
  used: ["This link was opened before", "It works once, in one browser. Please go on there, or ask for a new one."],
  expired: ["This link is too old", "Please ask for a new one."],
  key: ["This conversation is open elsewhere", "Please go on in the browser that you opened it with, or ask for a new link."],
  origin: ["This page may not chat with us", "Please tell whoever runs it."],
  tabs: ["Too many windows", "This conversation is open in many windows. Please close some and reload."],
  rate: ["Too many tries", "Please wait a minute, then reload."],
  unavailable: ["We are very busy", "Please try again in a little while."],
  offline: ["No connection", "Please reload when you are online again."],
  other: ["Something went wrong", "Please reload this page."],
};

ENGLISH.notTaken = {
  empty: "There is nothing in this message.",
  fact: "This could not be changed to that.",
  form: "This message could not be read.",
  long: "This conversation is too long. Please begin another one.",
  over: "The conversation had ended before this was sent.",
  size: "This message is too long.",
};

ENGLISH.noCall = {
  microphone: "We could not use your microphone. Please allow it and try again.",
  busy: "All lines are busy. Please try again in a little while, or go on here.",
  other: "The call could not be made. Please go on here.",
};
