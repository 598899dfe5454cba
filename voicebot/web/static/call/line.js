// The line to voicebot: signalling over HTTP, sound and messages over WebRTC.
//
// A call outlives its connection. When the network changes, a new connection is offered for the
// same call and takes over once it is up.

const GATHER_MS = 500;
const CONNECT_MS = 15000;
const RECONNECT_MS = 6000;
const GIVE_UP_MS = 20000;
const PATIENCE_MS = 1500;
const RETRY_MS = 1000;
const LAST_WORDS_MS = 300;
const UNSENT = 100; // messages kept while the channel is not open

export class Refused extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

export class Line extends EventTarget {
  // Events: "sound" (detail: MediaStream), "message" (detail: object), "lost", "back",
  // "over" (detail: a code for TROUBLE, or "gone").

  // `grant` gives the right to call; another page may have one of its own.
  constructor(microphone, grant = () => post("token")) {
    super();
    this.grant = grant;
    this.microphone = microphone;
    this.token = "";
    this.call = "";
    this.iceServers = [];
    this.peer = null;
    this.channel = null;
    this.unsent = [];
    this.renewing = false;
    this.closed = false;
    this.ending = false;
    this.listeners = new AbortController();
  }

  async open() {
    const granted = await this.grant();
    this.token = granted.token;
    this.iceServers = granted.ice_servers;
    const peer = this.newPeer();
    this.adopt(peer);
    const answer = await post("offer", { token: this.token, sdp: await offer(peer) });
    this.call = answer.call;
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await connected(peer, CONNECT_MS);
    this.watchNetwork();
  }

  // What is sent before the channel opens, or while the line is renewed, goes out when it does.
  send(message) {
    if (this.channel?.readyState === "open") this.channel.send(JSON.stringify(message));
    else if (this.unsent.length < UNSENT) this.unsent.push(message);
  }

  flush() {
    this.unsent.splice(0).forEach((message) => this.send(message));
  }

  hangUp() {
    if (this.closed) return;
    this.send({ type: "hang_up" });
    this.close(200);
  }

  close(afterMs = 0) {
    this.closed = true;
    this.listeners.abort();
    const peer = this.peer;
    this.peer = null;
    if (peer) setTimeout(() => peer.close(), afterMs);
  }

  useMicrophone(microphone) {
    this.microphone = microphone;
    return this.peer?.getSenders()[0]?.replaceTrack(microphone.getAudioTracks()[0]);
  }

  newPeer() {
    const peer = new RTCPeerConnection({ iceServers: this.iceServers, bundlePolicy: "max-bundle" });
    peer.addTrack(this.microphone.getAudioTracks()[0], this.microphone);
    peer.ontrack = ({ track, streams }) => {
      peer.sound = streams[0] ?? new MediaStream([track]);
      if (peer === this.peer) this.tell("sound", peer.sound);
    };
    peer.messages = peer.createDataChannel("voicebot");
    peer.messages.onmessage = ({ data }) => this.heard(data);
    return peer;
  }

  adopt(peer) {
    const former = this.peer;
    this.peer = peer;
    this.channel = peer.messages;
    this.channel.onopen = () => this.flush();
    if (this.channel.readyState === "open") this.flush();
    peer.onconnectionstatechange = () => this.changed(peer);
    if (peer.sound) this.tell("sound", peer.sound);
    former?.close();
  }

  changed(peer) {
    if (peer !== this.peer || this.closed || !this.call) return;
    if (peer.connectionState === "failed") this.renew();
    if (peer.connectionState === "disconnected") {
      setTimeout(() => peer.connectionState === "disconnected" && this.renew(), PATIENCE_MS);
    }
  }

  watchNetwork() {
    const { signal } = this.listeners;
    addEventListener("offline", () => this.tell("lost"), { signal });
    addEventListener("online", () => this.renew(), { signal });
    navigator.connection?.addEventListener?.("change", () => {
      const peer = this.peer;
      setTimeout(() => peer?.connectionState !== "connected" && this.renew(), PATIENCE_MS);
    }, { signal });
  }

  async renew() {
    if (this.renewing || this.closed || this.ending) return;
    this.renewing = true;
    this.tell("lost");
    const deadline = performance.now() + GIVE_UP_MS;
    let problem = "network_lost";
    while (!this.closed && performance.now() < deadline) {
      problem = await this.tryToRenew();
      if (!problem || problem === "gone") break;
      await pause(RETRY_MS);
    }
    this.renewing = false;
    if (this.closed) return;
    if (!problem) return this.tell("back");
    this.close();
    this.tell("over", problem);
  }

  // "" where it worked, else what is wrong.
  async tryToRenew() {
    if (!navigator.onLine) return "network_lost";
    const peer = this.newPeer();
    try {
      const answer = await post("restart", { token: this.token, sdp: await offer(peer) });
      await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      await connected(peer, RECONNECT_MS);
    } catch (error) {
      peer.close();
      return error.code === "gone" || error.code === "away" ? error.code : "network_lost";
    }
    if (this.closed) peer.close();
    else this.adopt(peer);
    return "";
  }

  heard(data) {
    if (this.closed) return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message.type !== "ended") return this.tell("message", message);
    // The last words are still on their way through the loudspeaker.
    this.ending = true;
    setTimeout(() => {
      if (this.closed) return;
      this.close();
      this.tell("message", message);
    }, LAST_WORDS_MS);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

async function offer(peer) {
  await peer.setLocalDescription();
  // voicebot finds us by our own checks, so what is not gathered by then is not missed.
  await until(peer, "icegatheringstatechange", () => peer.iceGatheringState === "complete", GATHER_MS);
  return peer.localDescription.sdp;
}

async function connected(peer, ms) {
  const settled = () => ["connected", "failed", "closed"].includes(peer.connectionState);
  await until(peer, "connectionstatechange", settled, ms);
  if (peer.connectionState !== "connected") throw new Refused("no_path", "not connected in time");
}

function until(target, event, condition, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      target.removeEventListener(event, look);
      resolve();
    }
    function look() {
      if (condition()) done();
    }
    target.addEventListener(event, look);
    look();
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function post(what, body) {
  let response;
  try {
    response = await fetch(`../api/webrtc/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(CONNECT_MS),
    });
  } catch {
    throw new Refused(navigator.onLine ? "away" : "offline", "no answer");
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const away = response.status === 502 || response.status === 504;
  throw new Refused(said.code ?? (away ? "away" : "other"), said.detail ?? response.statusText);
}
