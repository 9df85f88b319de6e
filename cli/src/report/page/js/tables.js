// The tables: of the sessions and, where they were asked for, of the guests or the operations.

let tables = [];

const counts = (n) => (n ? make("span", { className: "bad-text", textContent: number(n) }) : "–");

const sessionTable = () => new Table({
  name: "sessions", count: COUNT, inOrder: "start",
  matching: () => view.shown,
  choose: (s) => choose(s),
  isChosen: (s) => s === view.chosen,
  columns: [
    { key: "guest", title: "Guest", cell: (s) => link(s, vmText(s)), text: vmText },
    { key: "host", title: "Host", cell: (s) => hostOf(s) || "–", text: hostOf, if: () => S.host.some(Boolean) },
    { key: "user", title: "User", cell: userText, text: (s) => W[S.user[s]] },
    { key: "start", title: "Start", cell: startText, rank: (s) => S.from[s], kind: "time" },
    { key: "end", title: "End", cell: endText, rank: (s) => S.until[s], kind: "time" },
    { key: "duration", title: "Duration", cell: (s) => (lasted(s) < 0 ? "–" : durationText(lasted(s))), rank: lasted, kind: "number" },
    { key: "state", title: "State", cell: pill, rank: (s) => S.state[s] },
    { key: "reason", title: "Reasons", cell: reasonText },
    { key: "denials", title: "Denials", cell: (s) => counts(S.denials[s] + S.anomalies[s]), rank: (s) => S.denials[s] + S.anomalies[s], kind: "number" },
    { key: "failed", title: "Failures", cell: (s) => counts(S.failed[s]), rank: (s) => S.failed[s], kind: "number" },
  ],
});

const guestTable = () => new Table({
  name: "guests", count: G.vm.length, inOrder: null,
  matching: matchingGuests,
  choose: chooseGuest,
  isChosen: (g) => G.uuid[g] === view.guest,
  toggles: true,
  columns: [
    { key: "guest", title: "Guest", cell: (g) => linkTo(W[G.vm[g]], () => chooseGuest(g)), text: (g) => W[G.vm[g]] },
    { key: "hosts", title: "Hosts", cell: (g) => W[G.hosts[g]] || "–", kind: "text hosts", if: () => G.hosts.some(Boolean) },
    { key: "state", title: "State", cell: (g) => statePill(G.state[g], STATES[G.state[g]]), rank: (g) => G.state[g] },
    { key: "runs", title: "Runs", cell: (g) => number(G.runs[g]), rank: (g) => G.runs[g], kind: "number" },
    { key: "running", title: "Running", cell: (g) => durationText(G.running[g]), rank: (g) => G.running[g], kind: "number" },
    { key: "start", title: "Last start", cell: (g) => whenText(G.last_start[g], G.last_start_reason[g]), rank: (g) => G.last_start[g] ?? -Infinity },
    { key: "stop", title: "Last stop", cell: (g) => whenText(G.last_stop[g], G.last_stop_reason[g]), rank: (g) => G.last_stop[g] ?? -Infinity },
    { key: "idle", title: "Idle since", cell: (g) => whenText(G.idle_since[g], 0), rank: (g) => G.idle_since[g] ?? -Infinity },
    { key: "user", title: "Last user", cell: (g) => W[G.user[g]] || "–" },
    { key: "failed", title: "Failed starts", cell: (g) => counts(G.failed_starts[g]), rank: (g) => G.failed_starts[g], kind: "number" },
    { key: "denials", title: "Denials", cell: (g) => counts(G.denials[g]), rank: (g) => G.denials[g], kind: "number" },
    { key: "proof", title: "Proof", cell: (g) => stamps(G.proof(g)), rank: (g) => G.proof(g)[0]?.[0] ?? 0, if: () => G.proof !== null },
  ],
});

const operationTable = () => new Table({
  name: "operations", count: O.time.length, inOrder: "time",
  matching: matchingOperations,
  choose: chooseOperation,
  isChosen: (o) => o === view.operation,
  columns: [
    { key: "time", title: "Time", cell: (o) => timeText(O.time[o]), rank: (o) => O.time[o], kind: "time" },
    { key: "host", title: "Host", cell: (o) => W[O.host[o]] || "–", if: () => O.host.some(Boolean) },
    { key: "guest", title: "Guest", cell: (o) => W[O.vm[o]] },
    { key: "user", title: "User", cell: (o) => W[O.user[o]] || "–" },
    { key: "result", title: "Result", cell: (o) => make("span", { className: O.failed(o) ? "bad-text" : "", textContent: W[O.result[o]] }), text: (o) => W[O.result[o]] },
    { key: "operation", title: "Operation", cell: (o) => linkTo(W[O.text[o]], () => chooseOperation(o)), text: (o) => W[O.text[o]] },
    { key: "proof", title: "Proof", cell: (o) => stamps(O.proof(o)), rank: (o) => O.proof(o)[0]?.[0] ?? 0, if: () => O.showsProof },
  ],
});

function makeTables() {
  tables = [sessionTable()];
  if (G) tables.push(guestTable());
  if (O) tables.push(operationTable());
}

// A time, and a reason behind it that may be on the next line.
function whenText(ms, reason) {
  if (ms === null) return "–";
  return make("span", {}, make("span", { className: "time", textContent: timeText(ms) }), reason ? ` ${W[reason]}` : "");
}

// The records of a row, none of them on two lines.
function stamps(proof) {
  const texts = proof.flatMap((stamp, i) => [i ? " " : "", make("span", { className: "stamp", textContent: stampText(stamp) })]);
  return make("span", {}, ...(texts.length ? texts : ["–"]));
}

// Shows the sessions of a guest; the chosen guest's row, again all.
function chooseGuest(g) {
  view.guest = view.guest === G.uuid[g] ? -1 : G.uuid[g];
  filtersChanged();
}

const chooseOperation = (o) => choose(O.session[o], { operation: o });
