// The axis above the lanes, and its lines through them.

const TICK_ROOM = 72;

function ticksOf(scale) {
  return ticks(scale.from, scale.until, TICK_ROOM / scale.perMs);
}

function drawAxis() {
  const width = $("axis").clientWidth;
  const ctx = surface($("axis"), width, 30);
  const scale = scaleOf(width, view.from, view.until);
  paintAxis(ctx, scale, 30);
}

function paintAxis(ctx, scale, height) {
  ctx.font = "12px " + FONT;
  ctx.fillStyle = colours.soft;
  const length = scale.until - scale.from;
  const where = length > 4 * DAY ? String(local(scale.from).getUTCFullYear()) : dateText(scale.from);
  ctx.fillText(fitted(ctx, `${where} ${ZONE.name}`, scale.left - 30), 12, height / 2);
  let free = scale.left - 16;
  for (const { ms, text, major } of ticksOf(scale)) {
    const x = scale.x(ms);
    ctx.font = (major ? "600 " : "") + "12px " + FONT;
    ctx.fillStyle = major ? colours.text : colours.soft;
    const half = ctx.measureText(text).width / 2;
    ctx.fillStyle = colours.line;
    ctx.fillRect(Math.round(x), height - 6, 1, 6);
    const left = Math.min(x - half, scale.right + 10 - 2 * half);
    if (left < free) continue;
    ctx.fillStyle = major ? colours.text : colours.soft;
    ctx.fillText(text, left, height / 2 - 1);
    free = left + 2 * half + 10;
  }
}

function paintGrid(ctx, scale, height) {
  for (const { ms, major } of ticksOf(scale)) {
    ctx.globalAlpha = major ? 1 : 0.55;
    ctx.fillStyle = colours.line;
    ctx.fillRect(Math.round(scale.x(ms)), 0, 1, height);
  }
  ctx.globalAlpha = 1;
}
