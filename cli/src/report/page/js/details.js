// The chosen session: what is known of it, its events, and how to find its records.

const EVENTS_SHOWN = 500, RECORDS_SHOWN = 20;

function spanText(s) {
  const from = S.flags[s] & NO_START ? "start not in the log" : timeText(S.from[s]);
  if (S.state[s] === FAILED || S.state[s] === UNSTARTED) return timeText(S.from[s]);
  if (S.state[s] === SEEN) return `seen until ${timeText(S.until[s])}`;
  return S.until[s] === Infinity ? `${from}, still running` : `${from} to ${timeText(S.until[s])}`;
}

const startText = (s) => (S.flags[s] & NO_START ? "not in the log" : timeText(S.from[s]));
const hasEnd = (s) => (S.flags[s] & HAS_END) !== 0;
function endText(s) {
  if (hasEnd(s)) return timeText(S.until[s]);
  return S.state[s] === RUNNING ? "still running" : "–";
}
const lasted = (s) => (hasEnd(s) && !(S.flags[s] & NO_START) ? S.until[s] - S.from[s] : -1);
const userText = (s) => (S.user[s] ? (S.flags[s] & BY_DAEMON ? `(${W[S.user[s]]})` : W[S.user[s]]) : "–");
const reasonText = (s) => [W[S.reason[s]], W[S.stopReason[s]]].filter(Boolean).join(", ") || (S.state[s] === UNSTARTED ? "start never completed" : "–");
const vmText = (s) => (S.renamed[s] ? `${nameOf(s)} → ${W[S.renamed[s]]}` : nameOf(s));

function eventText(e) {
  const failed = E.mark[e] === BROKEN ? " FAILED" : "";
  return `${W[E.kind[e]]} ${W[E.text[e]]}${failed}`;
}

const statePill = (state, textContent) => make("span", { className: "pill " + STATES[state], textContent });
const pill = (s) => statePill(S.state[s], W[S.shown[s]]);

// The serial numbers of the session's own records: [[milliseconds, serial]].
function proofs(s) {
  const at = [S.from[s], S.until[s] === Infinity ? S.from[s] : S.until[s]];
  return [0, 1].filter((i) => S.proof[i][s] > 0).map((i) => [at[i] + S.later[i][s], S.proof[i][s]]);
}

const stampText = ([ms, serial]) => `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}:${serial}`;

function showDetails() {
  const s = view.chosen, title = $("chosen-title"), body = $("chosen");
  title.closest(".chosen").classList.toggle("has-session", s >= 0);
  if (s < 0) {
    title.textContent = "No session chosen";
    body.replaceChildren(...empty);
    return;
  }
  title.textContent = vmText(s);
  title.className = "text";
  const operation = view.operation < 0 ? [] : [operationFacts(view.operation)];
  body.replaceChildren(actionsOf(s), ...operation, factsOf(s), eventsOf(s));
}

let empty = [];

function actionsOf(s) {
  const button = (text, work) => make("button", { type: "button", textContent: text, onclick: work });
  return make("div", { className: "chosen-head" }, pill(s),
    button("Zoom to it", () => {
      const length = Math.max(endOf(s) - drawFrom[s], MINUTE);
      showTime(drawFrom[s] - length * 0.1, endOf(s) + length * 0.1);
      scrollToSession(s);
    }),
    button("All of this guest", () => clearFilters(S.uuid[s])),
    button("Close", () => choose(-1)));
}

const linkTo = (textContent, onclick) => make("button", { type: "button", className: "link", textContent, onclick });
const link = (s, text) => linkTo(text, () => choose(s));

// A list of facts, and a function that adds one.
function makeFacts() {
  const list = make("dl", { className: "facts" });
  return [list, (name, ...values) => list.append(make("dt", { textContent: name }), make("dd", {}, ...values))];
}

// Some records, and the commands that print them.
function proofFacts(fact, proof) {
  if (!proof.length) return;
  const shown = proof.slice(0, RECORDS_SHOWN), rest = proof.length - shown.length;
  const more = rest ? `and ${number(rest)} more` : "";
  fact("Proof", shown.map(stampText).join(" "), more && " " + more);
  const commands = shown.map(([, serial]) => make("code", { textContent: `ausearch -a ${serial}` }));
  fact("Records", ...commands.flatMap((code) => [code, " "]), more);
}

function operationFacts(o) {
  const [list, fact] = makeFacts();
  fact("Operation", W[O.text[o]]);
  fact("Time", timeText(O.time[o]));
  fact("Result", make("span", { className: O.failed(o) ? "bad-text" : "", textContent: W[O.result[o]] }));
  fact("User", W[O.user[o]] || "–");
  if (O.client[o]) fact("Client", W[O.client[o]]);
  proofFacts(fact, O.proof(o));
  return make("div", { className: "operation" }, list);
}

function factsOf(s) {
  const [list, fact] = makeFacts();
  fact("Start", startText(s), S.reason[s] ? `, ${W[S.reason[s]]}` : "");
  fact("End", endText(s), S.stopReason[s] ? `, ${W[S.stopReason[s]]}` : "");
  if (lasted(s) >= 0) fact("Duration", durationText(lasted(s)));
  if (S.flags[s] & GAP) fact("Doubt", "records are missing while it was open: it may have ended then");
  for (const { text, likely, serial } of S.causes.get(s) ?? []) {
    fact(likely ? "Likely cause" : "Before it", text, serial ? ` (record ${serial})` : "");
  }
  if (S.host[s]) fact("Host", hostOf(s));
  fact("UUID", W[S.uuid[s]]);
  fact("User", userText(s), S.auid[s] >= 0 ? ` (login uid ${S.auid[s]})` : "");
  if (S.client[s]) fact("Client", W[S.client[s]]);
  fact("Driver", W[S.driver[s]]);
  if (S.pid[s]) fact("Process", String(S.pid[s]));
  for (const { other, from, until } of T.overlapsOf.get(s) ?? []) {
    const end = until === Infinity ? "still" : "until " + timeText(until);
    fact("On two hosts", link(other, `also on ${hostOf(other) || "another host"}`), ` from ${timeText(from)}, ${end}`);
  }
  const before = T.movedFrom.get(s), after = T.movedTo.get(s);
  if (before !== undefined) fact("Came from", link(before, hostOf(before) || "another host"));
  if (after !== undefined) fact("Went to", link(after, hostOf(after) || "another host"));
  fact("Session", `${hostOf(s)}/${W[S.uuid[s]]}/${new Date(S.from[s]).toISOString()}`);
  proofFacts(fact, proofs(s));
  return list;
}

function eventsOf(s) {
  const first = E.start[s], last = E.start[s + 1];
  const box = make("div", { className: "events" });
  if (first === last) return make("p", { className: "note", textContent: E.shortened ? "None of its events is on this page." : "No events." });
  const head = make("tr", {}, ...["Time", "Event", "User", "Record"].map((textContent) => make("th", { textContent, scope: "col" })));
  const body = make("tbody");
  for (let e = first; e < Math.min(last, first + EVENTS_SHOWN); e++) {
    const mark = E.mark[e];
    const kind = make("span", { textContent: W[E.kind[e]] + " ", className: mark >= BROKEN ? "bad-text" : "" });
    const text = make("span", { textContent: W[E.text[e]], className: "text" });
    const failed = mark === BROKEN ? [make("span", { textContent: " failed", className: "bad-text" })] : [];
    body.append(make("tr", {},
      make("td", { className: "time", textContent: timeText(E.time[e]) }),
      make("td", {}, kind, text, ...failed),
      make("td", { textContent: W[E.user[e]] }),
      make("td", { className: "number", textContent: E.serial[e] ? String(E.serial[e]) : "" })));
  }
  box.append(make("table", {}, make("thead", {}, head), body));
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Events of the session");
  const rest = last - first - EVENTS_SHOWN;
  if (rest > 0) box.append(make("p", { className: "note", textContent: `and ${number(rest)} more` }));
  return box;
}
