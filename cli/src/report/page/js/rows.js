// Rows of the lanes: sessions that don't overlap, so that each row is sorted by start and by end.

const ROW = 22;
let rows = [];              // [{group, label, first, sessions}]
let rowOf = new Int32Array(0);
let visible = [];           // the rows that have a session on screen
let drawFrom = new Float64Array(0);

const byName = new Intl.Collator("en", { numeric: true }).compare;

// A guest whose start is not in the log is drawn from the beginning, if nothing of it is earlier.
function findBeginnings() {
  drawFrom = Float64Array.from(S.from);
  const known = new Set();
  for (let s = 0; s < COUNT; s++) {
    const ran = S.state[s] !== SEEN && S.state[s] !== UNSTARTED;
    if (S.flags[s] & NO_START && ran && !known.has(S.uuid[s])) drawFrom[s] = Math.min(FIRST, S.from[s]);
    known.add(S.uuid[s]);
  }
}

function layRows() {
  const key = view.mode === "guest" ? S.uuid : S.host;
  const groups = new Map();
  for (const s of view.shown) {
    const of = groups.get(key[s]);
    if (of) of.push(s);
    else groups.set(key[s], [s]);
  }
  const label = (sessions) => (view.mode === "guest" ? nameOf(sessions[0]) : hostOf(sessions[0]) || "this host");
  const ordered = [...groups.values()].map((sessions) => ({ sessions, label: label(sessions) }));
  ordered.sort((a, b) => byName(a.label, b.label));
  rows = [];
  rowOf = new Int32Array(COUNT).fill(-1);
  ordered.forEach((group, at) => {
    pack(group.sessions).forEach((sessions, i) => rows.push({ group: at, label: group.label, first: i === 0, sessions }));
  });
  rows.forEach((row, at) => row.sessions.forEach((s) => { rowOf[s] = at; }));
}

// Puts each session into the first row that is free when it begins.
function pack(sessions) {
  const order = sessions.slice().sort((a, b) => drawFrom[a] - drawFrom[b] || a - b);
  const packed = [];
  const busy = new Heap((a, b) => a.until - b.until);
  const free = new Heap((a, b) => a - b);
  for (const s of order) {
    while (busy.size && busy.top.until <= drawFrom[s]) free.add(busy.take().row);
    const row = free.size ? free.take() : packed.push([]) - 1;
    packed[row].push(s);
    busy.add({ until: S.until[s], row });
  }
  return packed;
}

// A heap: the smallest first.
class Heap {
  constructor(compare) {
    this.compare = compare;
    this.list = [];
  }
  get size() { return this.list.length; }
  get top() { return this.list[0]; }
  add(entry) {
    const { list, compare } = this;
    let at = list.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(list[parent], entry) <= 0) break;
      list[at] = list[parent];
      at = parent;
    }
    list[at] = entry;
  }
  take() {
    const { list, compare } = this;
    const first = list[0], last = list.pop();
    if (!list.length) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= list.length) break;
      if (child + 1 < list.length && compare(list[child + 1], list[child]) < 0) child++;
      if (compare(last, list[child]) <= 0) break;
      list[at] = list[child];
      at = child;
    }
    list[at] = last;
    return first;
  }
}

// The position of the first session of a row that ends at or after a time.
function firstAfter(sessions, ms) {
  let low = 0, high = sessions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (S.until[sessions[middle]] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

function findVisible(from, until) {
  const found = [];
  rows.forEach((row, at) => {
    const first = row.sessions[firstAfter(row.sessions, from)];
    if (first !== undefined && drawFrom[first] <= until) found.push(at);
  });
  return found;
}
