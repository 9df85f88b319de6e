// The data: columns of numbers, and the texts that they refer to. S are the sessions, E the events, G the guests
// and O the operations; the last two only where the page was asked for them.

const STATES = ["running", "stopped", "failed", "lost", "down", "seen", "unstarted"];
const RUNNING = 0, FAILED = 2, LOST = 3, DOWN = 4, SEEN = 5, UNSTARTED = 6;
const NO_START = 1, GAP = 2, BEGINS_BEFORE = 4, ENDS_AFTER = 8, BY_DAEMON = 16, ON_TWO_HOSTS = 32, HAS_END = 64;
const ATTACH = 1, DETACH = 2, CHANGE = 3, BROKEN = 4, DENIAL = 5, ANOMALY = 6;

let W, S, E, T, G = null, O = null, FINDINGS, FIRST, LAST, ZONE, COUNT;

async function readData() {
  const coded = atob(document.getElementById("data").textContent);
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; i++) bytes[i] = coded.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = await new Response(plain).json();
  W = data.words;
  FIRST = data.first;
  LAST = data.last;
  ZONE = data.zone;
  FINDINGS = data.findings;
  readSessions(data.sessions);
  readEvents(data.events);
  readCauses(data.causes);
  if (data.guests) G = { ...data.guests, proof: data.guests.proof && readProofs(data.guests.proof) };
  if (data.operations) readOperations(data.operations);
  readTimeline(data.timeline);
}

// The sums of differences.
function sums(deltas) {
  const numbers = new Float64Array(deltas.length);
  let sum = 0;
  for (let i = 0; i < deltas.length; i++) numbers[i] = sum += deltas[i];
  return numbers;
}

function readSessions(c) {
  COUNT = c.state.length;
  const from = sums(c.from);
  const until = Float64Array.from(c.length, (length, i) => (length < 0 ? Infinity : from[i] + length));
  const later = c.proof_later;
  const proof = c.proof.map(sums);
  S = {
    host: c.host, driver: c.driver, vm: c.vm, renamed: c.renamed, uuid: c.uuid, user: c.user, client: c.client,
    auid: c.auid, from, until, state: Uint8Array.from(c.state), shown: c.shown, reason: c.reason,
    stopReason: c.stop_reason, pid: c.pid, flags: Uint8Array.from(c.flags), denials: c.denials,
    anomalies: c.anomalies, failed: c.failed, proof, later,
  };
}

function readEvents(c) {
  const session = sums(c.session);
  E = {
    session, time: sums(c.time), kind: c.kind, text: c.text, user: c.user, mark: Uint8Array.from(c.mark),
    serial: sums(c.serial), shortened: c.shortened, all: c.all, start: new Int32Array(COUNT + 1),
  };
  // The events of session s are those from start[s] to before start[s + 1].
  for (let i = 0; i < session.length; i++) E.start[session[i] + 1]++;
  for (let s = 0; s < COUNT; s++) E.start[s + 1] += E.start[s];
}

// What may have made each failed start fail.
function readCauses(c) {
  S.causes = new Map();
  sums(c.session).forEach((s, i) => {
    if (!S.causes.has(s)) S.causes.set(s, []);
    S.causes.get(s).push({ text: W[c.text[i]], likely: c.likely[i] === 1, serial: c.serial[i] });
  });
}

// Returns a function: the records of a row, as [[milliseconds, serial]].
function readProofs(c) {
  const time = sums(c.time), serial = sums(c.serial), end = sums(c.count);
  return (row) => {
    const of = [];
    for (let i = row ? end[row - 1] : 0; i < end[row]; i++) of.push([time[i], serial[i]]);
    return of;
  };
}

function readOperations(c) {
  O = {
    session: c.session, time: sums(c.time), host: c.host, vm: c.vm, user: c.user, client: c.client, result: c.result,
    text: c.text, proof: readProofs(c.proof), showsProof: c.shows_proof, failed: (o) => W[c.result[o]] === "failed",
  };
}

function readTimeline(c) {
  T = {
    running: c.running, denials: c.denials, peak: c.peak, moves: c.moves.map(sums), overlaps: c.overlaps.map(sums),
    overlapFrom: sums(c.overlap_from), overlapLength: c.overlap_length,
    gaps: c.gap_from.map((from, i) => ({ from, until: c.gap_until[i], host: c.gap_host[i] })),
  };
  // The moves to, and the overlaps of, each session.
  T.movedFrom = new Map();
  T.movedTo = new Map();
  T.moves[1].forEach((to, i) => {
    T.movedFrom.set(to, T.moves[0][i]);
    T.movedTo.set(T.moves[0][i], to);
  });
  T.overlapsOf = new Map();
  for (let i = 0; i < T.overlapFrom.length; i++) {
    const length = T.overlapLength[i];
    const until = length < 0 ? Infinity : T.overlapFrom[i] + length;
    for (const at of [0, 1]) {
      const of = T.overlaps[at][i], other = T.overlaps[1 - at][i];
      if (!T.overlapsOf.has(of)) T.overlapsOf.set(of, []);
      T.overlapsOf.get(of).push({ from: T.overlapFrom[i], until, other });
    }
  }
}

const nameOf = (s) => W[S.vm[s]];
const hostOf = (s) => W[S.host[s]];
// The last moment to draw: a guest that runs is drawn to the end.
const endOf = (s) => (S.until[s] === Infinity ? LAST : S.until[s]);
