// Marks of events on a bar. Those that would overlap are one mark with a number.

const NEAR = 11;
const GRAVITY = [0, 2, 1, 3, 5, 6, 7];   // which mark stands for several: by the numbers of data.js

// The marks of a session between two times: [{x, mark, count}].
function marksOf(s, scale) {
  const found = { above: [], below: [] };
  const end = E.start[s + 1];
  for (let e = E.start[s]; e < end; e++) {
    const mark = E.mark[e], ms = E.time[e];
    // The cross of a failed start is its own mark.
    if (!mark || ms < scale.from || ms > scale.until || (S.state[s] === FAILED && mark === BROKEN)) continue;
    const list = mark >= BROKEN ? found.above : found.below;
    const x = scale.x(ms), last = list[list.length - 1];
    if (last && x - last.x < NEAR) {
      last.count++;
      if (GRAVITY[mark] > GRAVITY[last.mark]) last.mark = mark;
    } else list.push({ x, mark, count: 1 });
  }
  return found;
}

function paintMarks(ctx, s, scale, y) {
  if (E.start[s] === E.start[s + 1]) return;
  const { above, below } = marksOf(s, scale);
  for (const { x, mark, count } of below) paintMark(ctx, mark, x, y + 7.5, count);
  for (const { x, mark, count } of above) paintMark(ctx, mark, x, y - 6.5, count);
}

// A triangle up or down, a diamond, or a cross, with a thin edge so that it is seen on any bar.
function paintMark(ctx, mark, x, y, count) {
  ctx.lineJoin = "round";
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = colours.bg;
  ctx.beginPath();
  if (mark === ATTACH) triangle(ctx, x, y, 4.6, -1);
  else if (mark === DETACH) triangle(ctx, x, y, 4.6, 1);
  else if (mark === CHANGE) {
    ctx.moveTo(x, y - 4.4);
    ctx.lineTo(x + 4.4, y);
    ctx.lineTo(x, y + 4.4);
    ctx.lineTo(x - 4.4, y);
  } else if (mark === BROKEN) return paintNumber(ctx, x, y, count, () => paintCross(ctx, x, y));
  else triangle(ctx, x, y, 5.4, 1);
  ctx.closePath();
  ctx.fillStyle = mark >= DENIAL ? colours.denial : colours.mark;
  if (mark === DETACH) {
    ctx.fillStyle = colours.bg;
    ctx.fill();
    ctx.strokeStyle = colours.mark;
    ctx.stroke();
  } else {
    ctx.stroke();
    ctx.fill();
  }
  paintNumber(ctx, x, y, count, () => {});
}

function triangle(ctx, x, y, size, down) {
  ctx.moveTo(x - size, y - size * 0.8 * down);
  ctx.lineTo(x + size, y - size * 0.8 * down);
  ctx.lineTo(x, y + size * 0.9 * down);
}

// The number of a mark that stands for several.
function paintNumber(ctx, x, y, count, paint) {
  paint();
  if (count < 2) return;
  const text = count > 99 ? "99+" : String(count);
  ctx.font = "600 9.5px " + FONT;
  const width = ctx.measureText(text).width + 4;
  ctx.fillStyle = colours.bg;
  ctx.fillRect(x + 4, y - 5, width, 10);
  ctx.fillStyle = colours.text;
  ctx.fillText(text, x + 6, y + 0.5);
}
