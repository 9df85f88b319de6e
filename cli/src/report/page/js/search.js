// What matches the tile, the finding, the words that are looked for, and the chosen guest.

const TILES = {
  all: () => true,
  denials: (s) => S.denials[s] > 0,
  anomalies: (s) => S.anomalies[s] > 0,
  failures: (s) => S.failed[s] > 0,
};
STATES.forEach((name, state) => {
  TILES[name] = (s) => S.state[s] === state;
});

// Which sessions pass the tile and the finding.
function passing() {
  const { tile, finding } = view;
  const named = finding ? new Set(FINDINGS[finding]) : null;
  const matches = TILES[tile];
  return Uint8Array.from({ length: COUNT }, (_, s) => (!named || named.has(s)) && matches(s));
}

// Which sessions match all, and which do but for the chosen guest.
function match() {
  const { query, guest } = view;
  const passed = passing();
  const found = query.trim() ? sessionsWith(query) : null;
  const shown = [];
  for (let s = 0; s < COUNT; s++) {
    if (passed[s] && (!found || found[s]) && (guest < 0 || S.uuid[s] === guest)) shown.push(s);
  }
  view.passed = passed;
  view.found = found;
  view.shown = Int32Array.from(shown);
}

const rowsOf = (count, matches) => Int32Array.from(Array.from({ length: count }, (_, i) => i).filter(matches));

// A guest matches with one of its sessions, or with its row.
function matchingGuests() {
  const passed = new Set(), found = new Set();
  for (let s = 0; s < COUNT; s++) {
    if (!view.passed[s]) continue;
    passed.add(S.uuid[s]);
    if (!view.found || view.found[s]) found.add(S.uuid[s]);
  }
  const own = view.query.trim()
    ? rowsWith(view.query, G.vm.length, [G.vm, G.uuid, G.hosts, G.last_start_reason, G.last_stop_reason, G.user]) : null;
  return rowsOf(G.vm.length, (g) => found.has(G.uuid[g]) || (own && own[g] && passed.has(G.uuid[g])));
}

// An operation matches with its row; the tile of failed operations shows those that failed.
function matchingOperations() {
  const uuid = O.session.map((s) => S.uuid[s]);
  const own = view.query.trim() ? rowsWith(view.query, uuid.length, [O.text, O.vm, O.host, O.user, O.client, O.result, uuid]) : null;
  return rowsOf(uuid.length, (o) => view.passed[O.session[o]] && (view.tile !== "failures" || O.failed(o))
    && (view.guest < 0 || uuid[o] === view.guest) && (!own || own[o]));
}

let lowered = null;

// For each row, whether all words that are looked for are in its columns. `more` finds further places: it gets
// which texts have the word, and the rows that have it.
function rowsWith(query, count, columns, more = () => {}) {
  lowered ??= W.map((word) => word.toLowerCase());
  const all = new Uint8Array(count).fill(1);
  for (const term of query.toLowerCase().trim().split(/\s+/)) {
    const hit = new Uint8Array(W.length);
    for (let w = 0; w < hit.length; w++) hit[w] = lowered[w].includes(term) ? 1 : 0;
    const found = new Uint8Array(count);
    for (const column of columns) {
      for (let i = 0; i < count; i++) found[i] |= hit[column[i]];
    }
    more(hit, found);
    for (let i = 0; i < count; i++) all[i] &= found[i];
  }
  return all;
}

// The sessions with all words in their texts or in their events'.
function sessionsWith(query) {
  const columns = [S.vm, S.uuid, S.host, S.user, S.renamed, S.client, S.reason, S.stopReason];
  return rowsWith(query, COUNT, columns, (hit, found) => {
    for (let e = 0; e < E.session.length; e++) {
      if (hit[E.text[e]] | hit[E.user[e]]) found[E.session[e]] = 1;
    }
  });
}
