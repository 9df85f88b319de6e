// What is shown: the time, the filters, the chosen session. Everything is drawn anew from this.

const MANY_GUESTS = 2000;
const view = {
  from: 0, until: 1,            // the time on screen
  mode: "guest",                // lanes: one per guest, or packed per host
  tile: "all", finding: null, query: "",
  guest: -1,                    // the UUID of the only guest, by its text's number
  chosen: -1,                   // the session
  operation: -1,
  shown: new Int32Array(0),     // the sessions that match, in their order
  passed: null, found: null,    // whether each passes the tile and the finding, and has the words
};

let overall = { from: 0, until: 1 };

function startView() {
  const length = Math.max(LAST - FIRST, 10 * SECOND);
  overall = { from: FIRST - length * 0.01, until: FIRST + length * 1.015 };
  view.from = overall.from;
  view.until = overall.until;
  view.mode = new Set(S.uuid).size > MANY_GUESTS ? "host" : "guest";
}

const isAllTime = () => view.from <= overall.from + 1 && view.until >= overall.until - 1;

function showTime(from, until) {
  const length = Math.min(Math.max(until - from, 20), overall.until - overall.from);
  from = Math.min(Math.max(from, overall.from), overall.until - length);
  view.from = from;
  view.until = from + length;
  drawSoon();
}

// Zooms around a time; a factor above 1 shows less.
function zoom(factor, around = (view.from + view.until) / 2) {
  showTime(around - (around - view.from) / factor, around + (view.until - around) / factor);
}

function pan(share) {
  const by = (view.until - view.from) * share;
  showTime(view.from + by, view.until + by);
}

// Brings a session into view, without changing the zoom where that isn't needed.
function reveal(s) {
  const from = S.from[s], until = endOf(s), length = view.until - view.from;
  const inView = until > view.from && from < view.until;
  const small = until - from < length / 400;
  if (inView && !small) return;
  if (small && inView && length < 30 * DAY) return;
  const wanted = Math.min(length, Math.max((until - from) * 6, 10 * MINUTE));
  const middle = (from + until) / 2;
  showTime(middle - wanted / 2, middle + wanted / 2);
}

const drawSoon = onceAFrame(() => draw());

// The shown time, without the margins around the log.
const shownRange = () => rangeText(Math.min(Math.max(view.from, FIRST), LAST), Math.max(Math.min(view.until, LAST), FIRST));

// When the page was first drawn, and how long it was drawn last, in milliseconds: for measurements.
const times = [0, 0];

function draw() {
  const began = performance.now();
  drawOverview();
  drawAxis();
  drawLanes();
  $("shown-range").textContent = shownRange();
  times[0] ||= performance.now();
  times[1] = performance.now() - began;
  document.documentElement.dataset.times = JSON.stringify(times);
}

// The filters have changed.
function filtersChanged() {
  match();
  layRows();
  countRunning();
  tables.forEach((table) => table.fill());
  showFilters();
  draw();
}

function choose(s, options = {}) {
  view.chosen = s;
  view.operation = options.operation ?? -1;
  if (s >= 0 && options.reveal !== false) {
    reveal(s);
    scrollToSession(s);
  }
  showDetails();
  tables.forEach((table) => table.markRows());
  draw();
}

function chooseNothing() {
  if (view.guest >= 0) {
    view.guest = -1;
    filtersChanged();
  }
  choose(-1);
}
