// The lanes: a row for each guest, or rows packed per host.

function drawLanes() {
  visible = findVisible(view.from, view.until);
  const scroller = $("scroller"), canvas = $("lanes");
  const total = Math.max(visible.length * ROW + 6, 60);
  const height = Math.min(total, Math.floor(Math.min(window.innerHeight * 0.62, 620)));
  scroller.style.height = height + "px";
  $("spacer").style.height = total + "px";
  canvas.style.height = height + "px";
  const width = scroller.clientWidth;
  const top = Math.min(scroller.scrollTop, total - height);
  const ctx = surface(canvas, width, height);
  const scale = scaleOf(width, view.from, view.until);
  const first = Math.max(0, Math.floor(top / ROW));
  const last = Math.min(visible.length, Math.ceil((top + height) / ROW));
  paintRows(ctx, scale, visible, { first, last, top, height });
  if (!visible.length) {
    ctx.font = "13px " + FONT;
    ctx.fillStyle = colours.soft;
    ctx.textAlign = "center";
    ctx.fillText(COUNT ? "No sessions here. Zoom out, or clear the filters." : "The log has no sessions.", width / 2, height / 2);
    ctx.textAlign = "left";
  }
}

// Paints some of the rows; `list` are positions in `rows`.
function paintRows(ctx, scale, list, { first, last, top, height }) {
  const middle = (i) => i * ROW - top + ROW / 2 + 3;
  for (let i = first; i < last; i++) {
    if (rows[list[i]].group % 2 === 0) continue;
    ctx.fillStyle = colours.stripe;
    ctx.fillRect(0, i * ROW - top + 3, scale.right + 14, ROW);
  }
  paintGaps(ctx, scale, height);
  paintGrid(ctx, scale, height);
  const places = new Map();
  for (let i = first; i < last; i++) {
    const row = rows[list[i]];
    places.set(list[i], middle(i));
    paintLabel(ctx, row, i === first || rows[list[i - 1]].group !== row.group, scale, middle(i));
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(scale.left, 0, scale.right - scale.left + 14, height);
  ctx.clip();
  const drawn = [];
  for (let i = first; i < last; i++) paintRow(ctx, rows[list[i]], scale, middle(i), drawn);
  for (const { s, y } of drawn) paintMove(ctx, s, y, places, scale);
  for (const { s, y } of drawn) if (S.state[s] === FAILED) paintCross(ctx, scale.x(S.from[s]), y);
  for (const { s, y } of drawn) paintFrames(ctx, s, y, scale);
  for (const { s, y } of drawn) paintMarks(ctx, s, scale, y);
  ctx.restore();
}

function paintLabel(ctx, row, named, scale, y) {
  if (!named) return;
  ctx.font = "12.5px " + FONT;
  ctx.fillStyle = colours.text;
  ctx.fillText(fitted(ctx, row.label, scale.left - 22), 12, y);
}

// The sessions of a row. Of those that are in the same pixel, one is drawn.
function paintRow(ctx, row, scale, y, drawn) {
  const { sessions } = row;
  let pixel = -1;
  for (let i = firstAfter(sessions, scale.from); i < sessions.length; i++) {
    const s = sessions[i];
    if (drawFrom[s] > scale.until) break;
    const from = Math.max(scale.x(drawFrom[s]), scale.left - 4);
    const until = Math.min(scale.x(endOf(s)), scale.right + 14);
    if (until < pixel && S.state[s] !== FAILED && s !== view.chosen) continue;
    pixel = Math.floor(from) + 1;
    const openRight = S.until[s] === Infinity;
    const openLeft = (S.flags[s] & NO_START) !== 0 && S.state[s] !== SEEN && S.state[s] !== UNSTARTED;
    const next = sessions[i + 1];
    const label = view.mode === "host" ? nameOf(s) : hostsDiffer ? shortHost(hostOf(s)) : "";
    const short = next !== undefined && scale.x(drawFrom[next]) - until < 1;
    if (S.state[s] !== FAILED) paintBar(ctx, s, from, short && until - from > 3 ? until - 1 : until, y, { openLeft, openRight, label });
    if (S.flags[s] & GAP && until - from > 16 && S.state[s] !== FAILED) paintDoubt(ctx, until, y);
    if (s === view.chosen) paintChosen(ctx, S.state[s] === FAILED ? from - 6 : from, S.state[s] === FAILED ? from + 6 : until, y);
    drawn.push({ s, y });
  }
}

// A question mark: the session may have ended where records are missing.
function paintDoubt(ctx, x, y) {
  ctx.fillStyle = colours.bg;
  ctx.beginPath();
  ctx.arc(x - 11, y, 6, 0, 7);
  ctx.fill();
  ctx.font = "700 10.5px " + FONT;
  ctx.fillStyle = colours.text;
  ctx.textAlign = "center";
  ctx.fillText("?", x - 11, y + 0.5);
  ctx.textAlign = "left";
}

function paintChosen(ctx, from, until, y) {
  const [x0, x1] = [Math.min(from, until) - 2.5, Math.max(until, from + 2) + 2.5];
  for (const [width, colour] of [[4, colours.bg], [2, colours.text]]) {
    ctx.lineWidth = width;
    ctx.strokeStyle = colour;
    ctx.strokeRect(x0, y - BAR / 2 - 2.5, x1 - x0, BAR + 5);
  }
}

// The line from the session that a guest left.
function paintMove(ctx, s, y, places, scale) {
  const before = T.movedFrom.get(s);
  if (before === undefined) return;
  const from = places.get(rowOf[before]);
  if (from === undefined || view.mode !== "guest") return;
  const x = scale.x(S.from[s]), left = Math.min(scale.x(endOf(before)), x);
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(left, from);
  ctx.lineTo(x, from);
  ctx.lineTo(x, y);
  ctx.stroke();
}

// A frame around the time during which the guest ran elsewhere, too.
function paintFrames(ctx, s, y, scale) {
  for (const { from, until } of T.overlapsOf.get(s) ?? []) {
    const x0 = Math.max(scale.x(from), scale.left - 6);
    const x1 = Math.min(scale.x(Math.min(until, LAST)), scale.right + 20);
    if (x1 < scale.left || x0 > scale.right) continue;
    ctx.strokeStyle = colours.denial;
    ctx.lineWidth = 2;
    ctx.strokeRect(x0, y - BAR / 2 - 1, Math.max(x1 - x0, 3), BAR + 2);
  }
}

// Where records are missing.
function paintGaps(ctx, scale, height) {
  for (const gap of T.gaps) {
    const x0 = Math.max(scale.x(gap.from), scale.left), x1 = Math.min(scale.x(gap.until), scale.right);
    if (x1 < scale.left || x0 > scale.right) continue;
    paintGap(ctx, x0, Math.max(x1, x0 + 3), height);
  }
}

// A pale strip with an edge on both sides.
function paintGap(ctx, x0, x1, height) {
  ctx.fillStyle = colours.gap;
  ctx.globalAlpha = 0.16;
  ctx.fillRect(x0, 0, x1 - x0, height);
  ctx.globalAlpha = 1;
  for (const x of [x0, x1 - 1]) ctx.fillRect(x, 0, 1, height);
}

let hostsDiffer = false;
const shortHost = (host) => host.split(".")[0];

// The session at a place of the lanes, or -1.
function sessionAt(x, y) {
  const scroller = $("scroller");
  const scale = scaleOf(scroller.clientWidth, view.from, view.until);
  const row = rows[visible[Math.floor((y + scroller.scrollTop - 3) / ROW)]];
  if (!row || x < scale.left) return -1;
  const near = 5 / scale.perMs, ms = scale.ms(x);
  let best = -1, distance = near;
  for (let i = Math.max(firstAfter(row.sessions, ms - near) - 1, 0); i < row.sessions.length; i++) {
    const s = row.sessions[i];
    if (drawFrom[s] > ms + near) break;
    const away = ms < drawFrom[s] ? drawFrom[s] - ms : Math.max(ms - endOf(s), 0);
    if (away < distance || (away === 0 && best < 0)) [best, distance] = [s, away];
  }
  return best;
}

function scrollToSession(s) {
  visible = findVisible(view.from, view.until);
  const at = visible.indexOf(rowOf[s]);
  const scroller = $("scroller");
  if (at < 0) return;
  $("spacer").style.height = visible.length * ROW + 6 + "px";
  const top = at * ROW;
  if (top < scroller.scrollTop + ROW) scroller.scrollTop = Math.max(0, top - ROW);
  else if (top > scroller.scrollTop + scroller.clientHeight - 2 * ROW) scroller.scrollTop = top - scroller.clientHeight + 2 * ROW;
}
