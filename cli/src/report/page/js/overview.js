// The overview: guests running over time, denials below, and a brush for the time that is shown.

const OVERVIEW = 84, AREA_TOP = 20, AREA_BOTTOM = 60, TICKS_BOTTOM = 80;
let someRunning = null;   // for the sessions that match the filters, where not all do

// The number of guests of the shown sessions in each part of the time.
function countRunning() {
  someRunning = null;
  if (view.shown.length === COUNT) return;
  const changes = [], ends = new Map();
  for (const s of view.shown) {
    if ([FAILED, SEEN, UNSTARTED].includes(S.state[s])) continue;
    const from = Math.max(drawFrom[s], ends.get(S.uuid[s]) ?? -Infinity), until = S.until[s];
    if (until <= from) continue;
    ends.set(S.uuid[s], until);
    changes.push([from, 1], [until, -1]);
  }
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const parts = T.running.length, length = (LAST - FIRST) / parts || 1;
  someRunning = new Array(parts).fill(0);
  let at = 0, count = 0;
  for (let part = 0; part < parts; part++) {
    const end = FIRST + (part + 1) * length;
    let most = count;
    for (; at < changes.length && changes[at][0] < end; at++) {
      count += changes[at][1];
      most = Math.max(most, count);
    }
    someRunning[part] = most;
  }
}

function drawOverview() {
  const canvas = $("overview"), width = canvas.clientWidth;
  const ctx = surface(canvas, width, OVERVIEW);
  const scale = scaleOf(width, overall.from, overall.until);
  paintOverview(ctx, scale, width);
  paintBrush(ctx, scale);
  canvas.setAttribute("aria-label", `Guests running over time${T.peak ? ", at most " + number(T.peak[1]) : ""}. Shown: ${shownRange()}`);
}

function paintOverview(ctx, scale, width) {
  const most = Math.max(T.peak ? T.peak[1] : 0, 1);
  const y = (count) => AREA_BOTTOM - (count / most) * (AREA_BOTTOM - AREA_TOP);
  paintGaps(ctx, scale, OVERVIEW);
  paintSteps(ctx, scale, T.running, y, someRunning ? colours["area-all"] : colours.area, someRunning ? colours.seen : colours.running);
  if (someRunning) paintSteps(ctx, scale, someRunning, y, colours.area, colours.running);
  ctx.fillStyle = colours.line;
  ctx.fillRect(scale.left, AREA_BOTTOM, scale.right - scale.left, 1);
  paintDenials(ctx, scale);
  ctx.font = "12px " + FONT;
  ctx.fillStyle = colours.text;
  ctx.fillText(fitted(ctx, "Running", scale.left - 50), 12, 34);
  ctx.fillText(fitted(ctx, "Denials", scale.left - 50), 12, 71);
  ctx.font = "11px " + FONT;
  ctx.fillStyle = colours.soft;
  ctx.textAlign = "right";
  ctx.fillText(number(T.peak ? T.peak[1] : 0), scale.left - 8, AREA_TOP);
  ctx.fillText("0", scale.left - 8, AREA_BOTTOM - 1);
  ctx.textAlign = "left";
  // At full width, the axis below has the same ticks.
  let free = isAllTime() && scale.from === overall.from && !isOnPaper() ? Infinity : scale.left;
  for (const { ms, text } of ticksOf(scale)) {
    const x = scale.x(ms);
    const half = ctx.measureText(text).width / 2;
    if (x - half < free || x + half > width - 4) continue;
    ctx.fillText(text, x - half, 9);
    free = x + half + 8;
  }
}

// An area with an edge.
function paintSteps(ctx, scale, counts, y, colour, edge) {
  const part = (LAST - FIRST) / counts.length;
  ctx.fillStyle = colour;
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(scale.x(FIRST), AREA_BOTTOM);
  counts.forEach((count, i) => {
    ctx.lineTo(scale.x(FIRST + i * part), y(count));
    ctx.lineTo(scale.x(FIRST + (i + 1) * part), y(count));
  });
  ctx.lineTo(scale.x(LAST), AREA_BOTTOM);
  ctx.fill();
  ctx.stroke();
}

// A stroke for each part with denials, higher where there are more.
function paintDenials(ctx, scale) {
  const most = T.denials.reduce((a, b) => Math.max(a, b), 1), part = (LAST - FIRST) / T.denials.length;
  ctx.fillStyle = colours.denial;
  T.denials.forEach((count, i) => {
    if (!count) return;
    const height = 5 + (11 * Math.log2(count)) / Math.max(Math.log2(most), 1);
    ctx.fillRect(scale.x(FIRST + (i + 0.5) * part) - 0.75, TICKS_BOTTOM - height, 1.5, height);
  });
}

function paintBrush(ctx, scale) {
  if (isAllTime()) return;
  const x0 = scale.x(view.from), x1 = Math.max(scale.x(view.until), x0 + 4);
  ctx.globalAlpha = 0.6;
  ctx.fillStyle = colours.bg;
  ctx.fillRect(scale.left, AREA_TOP - 4, x0 - scale.left, OVERVIEW);
  ctx.fillRect(x1, AREA_TOP - 4, scale.right - x1 + 14, OVERVIEW);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  ctx.strokeRect(x0, AREA_TOP - 4, x1 - x0, OVERVIEW - AREA_TOP + 2);
  ctx.fillStyle = colours.accent;
  for (const x of [x0, x1]) ctx.fillRect(x - 2.5, AREA_TOP + 14, 5, 20);
}
