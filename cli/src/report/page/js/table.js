// The table of sessions: the ones that match, sorted, a page at a time.

const PAGE_ROWS = 100, PRINTED_ROWS = 3000;
let sorted = new Int32Array(0);
let order = { column: "start", down: false };
let page = 0;

// Each column: its title, its cell, and what it is sorted by.
const COLUMNS = [
  { key: "guest", title: "Guest", cell: (s) => link(s, vmText(s)), rank: (s) => rankOf(S.vm[s]) },
  { key: "host", title: "Host", cell: (s) => hostOf(s) || "–", rank: (s) => rankOf(S.host[s]), if: () => S.host.some(Boolean) },
  { key: "user", title: "User", cell: userText, rank: (s) => rankOf(S.user[s]) },
  { key: "start", title: "Start", cell: startText, rank: (s) => S.from[s], kind: "time" },
  { key: "end", title: "End", cell: endText, rank: (s) => S.until[s], kind: "time" },
  { key: "duration", title: "Duration", cell: (s) => (lasted(s) < 0 ? "–" : durationText(lasted(s))), rank: lasted, kind: "number" },
  { key: "state", title: "State", cell: pill, rank: (s) => S.state[s] },
  { key: "reason", title: "Reasons", cell: reasonText, rank: (s) => rankOf(S.reason[s]) * 1e6 + rankOf(S.stopReason[s]) },
  { key: "denials", title: "Denials", cell: (s) => counts(S.denials[s] + S.anomalies[s]), rank: (s) => S.denials[s] + S.anomalies[s], kind: "number" },
  { key: "failed", title: "Failures", cell: (s) => counts(S.failed[s]), rank: (s) => S.failed[s], kind: "number" },
];

const counts = (n) => (n ? make("span", { className: "bad-text", textContent: number(n) }) : "–");

let ranks = null;
// The place of a text among all of them, as people sort names.
function rankOf(word) {
  if (!ranks) {
    const used = new Set([...S.vm, ...S.host, ...S.user, ...S.reason, ...S.stopReason]);
    ranks = new Map([...used].sort((a, b) => byName(W[a], W[b])).map((w, rank) => [w, rank]));
  }
  return ranks.get(word);
}

const shownColumns = () => COLUMNS.filter((column) => !column.if || column.if());

// The header; on paper without buttons, which browsers don't repeat on each page.
function makeHead(onPaper) {
  $("columns").replaceChildren(...shownColumns().map(({ key, title, kind }) => {
    const button = () => make("button", { type: "button", textContent: title, onclick: () => sortBy(key) });
    return make("th", { scope: "col", className: kind ?? "", data: { column: key } }, onPaper ? title : button());
  }));
  showOrder();
}

function showOrder() {
  for (const head of $("columns").children) {
    const sort = head.dataset.column !== order.column ? "none" : order.down ? "descending" : "ascending";
    head.setAttribute("aria-sort", sort);
  }
}

function makeTable() {
  makeHead(false);
  $("rows").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("button")) choose(Number(row.dataset.session));
  });
  const go = (to) => () => {
    page = to();
    showPage();
  };
  $("page-first").onclick = go(() => 0);
  $("page-before").onclick = go(() => page - 1);
  $("page-after").onclick = go(() => page + 1);
  $("page-last").onclick = go(() => pages() - 1);
}

const pages = () => Math.max(1, Math.ceil(sorted.length / PAGE_ROWS));

function sortBy(key) {
  order = { column: key, down: order.column === key && !order.down };
  fillTable();
}

function fillTable() {
  const { rank } = COLUMNS.find((column) => column.key === order.column);
  const key = new Float64Array(COUNT);
  for (const s of view.shown) key[s] = rank(s);
  const turn = order.down ? -1 : 1;
  // Infinity less infinity is no number.
  const compare = (a, b) => (key[a] === key[b] ? a - b : key[a] < key[b] ? -turn : turn);
  sorted = view.shown.slice();
  if (order.column !== "start" || order.down) sorted.sort(compare);
  page = 0;
  showOrder();
  showPage();
}

function showPage() {
  showRows(page * PAGE_ROWS, Math.min((page + 1) * PAGE_ROWS, sorted.length));
  $("page-first").disabled = $("page-before").disabled = page === 0;
  $("page-after").disabled = $("page-last").disabled = page + 1 >= pages();
}

function showRows(from, until) {
  const columns = shownColumns();
  const body = document.createDocumentFragment();
  for (const s of sorted.subarray(from, until)) {
    const row = make("tr", { data: { session: s } });
    if (s === view.chosen) row.setAttribute("aria-selected", "true");
    for (const { cell, kind } of columns) row.append(make("td", { className: kind ?? "text" }, cell(s)));
    body.append(row);
  }
  $("rows").replaceChildren(body);
  $("rows-shown").textContent = sorted.length
    ? `${number(from + 1)} to ${number(until)} of ${number(sorted.length)}` : "none match";
}

function markRow() {
  for (const row of $("rows").children) {
    if (Number(row.dataset.session) === view.chosen) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
  }
}
