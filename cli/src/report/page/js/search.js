// Which sessions match the tile, the finding and the words that are looked for.

const TILES = {
  all: () => true,
  denials: (s) => S.denials[s] > 0,
  anomalies: (s) => S.anomalies[s] > 0,
  failures: (s) => S.failed[s] > 0,
};
STATES.forEach((name, state) => {
  TILES[name] = (s) => S.state[s] === state;
});

function matching() {
  const { tile, finding, query } = view;
  const found = query.trim() ? sessionsWith(query) : null;
  const named = finding ? new Set(FINDINGS[finding]) : null;
  const matches = TILES[tile];
  const shown = [];
  for (let s = 0; s < COUNT; s++) {
    if ((!found || found[s]) && (!named || named.has(s)) && matches(s)) shown.push(s);
  }
  return Int32Array.from(shown);
}

let lowered = null;

// For each session, whether all words that are looked for are in its texts or in its events'.
function sessionsWith(query) {
  lowered ??= W.map((word) => word.toLowerCase());
  const all = new Uint8Array(COUNT).fill(1);
  for (const term of query.toLowerCase().trim().split(/\s+/)) {
    const hit = new Uint8Array(W.length);
    for (let w = 0; w < hit.length; w++) hit[w] = lowered[w].includes(term) ? 1 : 0;
    const found = new Uint8Array(COUNT);
    const columns = [S.vm, S.uuid, S.host, S.user, S.renamed, S.client, S.reason, S.stopReason];
    for (const column of columns) {
      for (let s = 0; s < COUNT; s++) found[s] |= hit[column[s]];
    }
    for (let e = 0; e < E.session.length; e++) {
      if (hit[E.text[e]] | hit[E.user[e]]) found[E.session[e]] = 1;
    }
    for (let s = 0; s < COUNT; s++) all[s] &= found[s];
  }
  return all;
}
