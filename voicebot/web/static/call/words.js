// What the page says in each state, and what helps when something is wrong.

export const STATUS = {
  ready: "Ready when you are",
  asking: "Waiting for your microphone",
  connecting: "Connecting",
  talking: "In call",
  reconnecting: "Connection lost. Reconnecting",
  ended: "Call ended",
  trouble: "No call",
};

export const TROUBLE = {
  insecure: {
    title: "This page is not secure",
    help: "Browsers give their microphone to secure pages only. Open this page with https:// at the beginning of its address.",
  },
  unsupported: {
    title: "This browser cannot make calls",
    help: "Please use an up-to-date Chrome, Edge, Firefox or Safari, or ring us by telephone.",
  },
  no_microphone: {
    title: "No microphone found",
    help: "Plug in or switch on a microphone or a headset, then try again.",
  },
  blocked: {
    title: "The microphone is blocked",
    help: "This page may not use your microphone. Choose the icon beside the address of this page, set Microphone to Allow, then try again.",
  },
  microphone_busy: {
    title: "The microphone cannot be used",
    help: "Another program may be using it. Close other calls and recorders, then try again.",
  },
  busy: {
    title: "All lines are busy",
    help: "Everybody is being served right now. Please try again in a moment.",
  },
  unavailable: {
    title: "We take no calls right now",
    help: "The service is pausing or is being restarted. Please try again in a few minutes.",
  },
  rate: {
    title: "Too many attempts",
    help: "There were many calls from your network in a short time. Please wait a minute, then try again.",
  },
  away: {
    title: "We cannot be reached",
    help: "The service does not answer. Check your connection to the internet, or try again in a few minutes.",
  },
  offline: {
    title: "You are offline",
    help: "Your device has no connection to the internet. Connect it, then try again.",
  },
  network_lost: {
    title: "The connection was lost",
    help: "We could not get it back. Check your network, then call again.",
  },
  no_path: {
    title: "The call did not get through",
    help: "Your network lets no calls pass. Try another one, such as mobile data instead of an office network.",
  },
  origin: {
    title: "Calls cannot be made from here",
    help: "This page was opened under an address that the service does not know. Tell the people who run it.",
  },
  other: {
    title: "Something went wrong",
    help: "That was our mistake, not yours. Please try again.",
  },
};

export const ENDED = {
  ours: "Thank you for calling.",
  yours: "You hung up. Thank you for calling.",
  lost: "The connection to the service broke. You can call again.",
};

export const WHO = { bot: "Assistant", caller: "You" };
