// The keyboard: everything that the pointer does.

function watchKeys() {
  $("overview").addEventListener("keydown", timeKeys);
  $("scroller").addEventListener("keydown", (event) => timeKeys(event) || laneKeys(event));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      $("find").focus();
      event.preventDefault();
    } else if (event.key === "Escape" && document.activeElement !== $("find")) chooseNothing();
  });
}

function done(event) {
  event.preventDefault();
  return true;
}

function timeKeys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  const inLanes = event.currentTarget.id === "scroller";
  const across = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key];
  if (across && (event.shiftKey || !inLanes)) pan(across);
  else if (event.key === "+" || event.key === "=") zoom(2);
  else if (event.key === "-") zoom(0.5);
  else if (event.key === "0") showTime(overall.from, overall.until);
  else return false;
  return done(event);
}

function laneKeys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
  const s = view.chosen;
  switch (event.key) {
    case "ArrowLeft": chooseBy(neighbour(s, -1)); break;
    case "ArrowRight": chooseBy(neighbour(s, 1)); break;
    case "ArrowUp": chooseBy(inRow(s, -1)); break;
    case "ArrowDown": chooseBy(inRow(s, 1)); break;
    case "Enter": if (s >= 0) $("chosen-title").focus(); break;
    default: return false;
  }
  return done(event);
}

function chooseBy(s) {
  if (s === undefined || s < 0) return;
  choose(s);
  $("announce").textContent = `${nameOf(s)}${hostOf(s) ? " on " + hostOf(s) : ""}, ${W[S.shown[s]]}, ${spanText(s)}`;
}

// The first session on screen.
function firstOnScreen() {
  visible = findVisible(view.from, view.until);
  const at = visible[Math.floor($("scroller").scrollTop / ROW)];
  if (at === undefined) return -1;
  const { sessions } = rows[at];
  return sessions[firstAfter(sessions, view.from)];
}

// The guest's session before or after this one, of those that are shown.
function neighbour(s, step) {
  if (s < 0 || rowOf[s] < 0) return firstOnScreen();
  const of = [];
  for (const other of view.shown) if (S.uuid[other] === S.uuid[s]) of.push(other);
  of.sort((a, b) => S.from[a] - S.from[b] || a - b);
  return of[of.indexOf(s) + step];
}

// The session of the row above or below that is nearest in time.
function inRow(s, step) {
  if (s < 0 || rowOf[s] < 0) return firstOnScreen();
  visible = findVisible(view.from, view.until);
  const row = rows[visible[visible.indexOf(rowOf[s]) + step]];
  if (!row) return -1;
  const { sessions } = row;
  let at = firstAfter(sessions, Math.max(S.from[s], view.from));
  if (at >= sessions.length || (at > 0 && drawFrom[sessions[at]] > view.until)) at--;
  return sessions[at];
}
