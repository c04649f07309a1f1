// A WebSocket that reconnects by itself; if none can be opened, plain requests replace it. While the connection is lost, or the
// server is overloaded, a worker in the browser answers, if the app offers one. It is prepared while the visitor changes nothing. On a
// page without a server the worker always answers.

import { local } from "./local.js";
import { createSpare } from "./spare.js";

const TRIES = 3; // before the WebSocket is given up, if it has never opened
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5000; // ms
const POLL = 3000; // ms between status calls without a WebSocket
const STUCK = 20_000; // ms without an answer to a request, after which the connection counts as lost
const QUIET = 5000; // ms without a question, after which the worker gets what it needs to answer the last one
const MOST_BUSY = 2; // questions in a row that a crowded server refuses before the worker takes over
const RELIEF = 10_000; // ms without questions to an overloaded server
const HERE = { state: "here", key: "status.here", args: {} };
const NOT_HERE = { state: "reconnecting", key: "status.not_here", args: {} };

/**
 * root: base url of the app. server: plain requests {frame(text), status()} (see calls.js) or undefined.
 * onOpen() once it is ready to send, also after a reconnection; onDown(status?) when it is lost; onFrame(ArrayBuffer);
 * onText(object); onStatus(object).   -> {ready(), send(text), close()}
 */
export function connect({ root, server, onOpen, onDown, onFrame, onText, onStatus }) {
  if (local()) return local().connect({ onOpen, onDown, onFrame, onText, onStatus });
  const url = new URL("stn/live", root);
  url.protocol = url.protocol.replace("http", "ws");
  let socket = null;
  let opened = false;
  let failures = 0;
  let pause = FIRST_PAUSE;
  let timer = 0;
  let deadline = 0;
  let quiet = 0; // a timer, from the last question
  let calls = null; // the fallback, once it is in use
  let closed = false;
  let busy = 0; // refusals in a row
  let relieved = 0; // time until which no question is sent to an overloaded server
  let lastStatus = null; // the server's last status
  let lacking = false; // whether the worker does not have the network of the last question
  let here = false; // whether the status line says that the worker answers

  const isOpen = () => socket?.readyState === WebSocket.OPEN;
  const missed = () => !closed && !calls && (!isOpen() || busy >= MOST_BUSY);
  const spare = createSpare(root, {
    needed: missed,
    onReady: () => missed() && takeOver(),
    onFrame: (buffer) => {
      if (lacking) onStatus(HERE);
      lacking = false;
      onFrame(buffer);
    },
    onText: (message) => (message.error?.code === "unknown_model" ? lacks(message) : onText(message)),
  });

  /** Only the server has the network: it was not prepared for. */
  function lacks({ id, error }) {
    lacking = true;
    if (!isOpen()) return onDown(NOT_HERE);
    relieved = 0;
    giveBack();
    onText({ id, error: { ...error, code: "busy" } }); // asked of the server again
  }

  function takeOver() {
    if (lacking && isOpen()) return;
    if (busy >= MOST_BUSY) relieved = performance.now() + RELIEF * (0.8 + 0.4 * Math.random());
    if (!here) onStatus(HERE);
    here = true;
    onOpen();
  }

  function giveBack() {
    if (here && lastStatus) onStatus(lastStatus);
    here = false;
  }

  function open() {
    clearTimeout(timer);
    if (closed) return;
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened = true;
      failures = 0;
      pause = FIRST_PAUSE;
      busy = 0;
      lacking = false;
      here = false; // the server's own status comes at once
      onOpen();
    };
    socket.onmessage = ({ data }) => {
      clearTimeout(deadline);
      if (typeof data === "string") return text(data);
      busy = 0;
      giveBack();
      onFrame(data);
    };
    socket.onclose = lost;
  }

  function lost() {
    clearTimeout(deadline);
    if (closed) return;
    socket = null;
    failures += 1;
    if (!opened && failures >= TRIES && server?.frame && !spare.exists()) {
      calls = byCalls(server, { onOpen, onDown, onFrame, text });
      return;
    }
    if (spare.ready()) takeOver();
    else {
      onDown();
      if (opened || spare.exists()) spare.start();
    }
    timer = setTimeout(open, pause * (0.8 + 0.4 * Math.random())); // randomised, so that not all visitors reconnect at the same moment
    pause = Math.min(pause * 1.7, LONGEST_PAUSE);
  }

  function text(data) {
    const message = JSON.parse(data);
    if (message.status) {
      lastStatus = message.status;
      if (!here) onStatus(lastStatus);
      return;
    }
    busy = message.error?.code === "busy" ? busy + 1 : 0;
    if (busy >= MOST_BUSY) spare.start();
    onText(message);
  }

  function hurry() {
    if (!document.hidden && !socket && !calls) open();
  }
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  open();

  return {
    ready: () => calls !== null || isOpen() || spare.ready(),
    send(data) {
      if (calls) return void calls.send(data);
      if (spare.ready() && (!isOpen() || performance.now() < relieved)) return void spare.send(data);
      socket.send(data);
      clearTimeout(quiet);
      quiet = setTimeout(() => isOpen() && spare.prepare(data), QUIET);
      clearTimeout(deadline);
      deadline = setTimeout(() => socket?.close(), STUCK);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(quiet);
      calls?.close();
      spare.close();
      socket?.close();
    },
  };
}

/** The same line over plain requests. */
function byCalls(server, { onOpen, onDown, onFrame, text }) {
  let down = false;
  const line = {
    async send(data) {
      const answer = await server.frame(data).catch(() => undefined);
      if (answer === undefined) return lost();
      if (typeof answer === "string") text(answer);
      else onFrame(answer);
    },
    close: () => clearInterval(poll),
  };

  function lost() {
    if (!down) onDown();
    down = true;
  }

  async function status() {
    const answer = await server.status().catch(() => undefined);
    if (answer === undefined) return lost();
    text(answer);
    if (down) onOpen();
    down = false;
  }
  const poll = setInterval(status, POLL);
  queueMicrotask(() => {
    onOpen();
    status();
  });
  return line;
}
