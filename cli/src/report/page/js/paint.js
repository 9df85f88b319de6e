// Colours of the style sheet, canvases of the screen's resolution, and the shapes of sessions.

const FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
let colours = {};

// The colours of the style sheet for the screen, or with a class. An element shows what each of them is now.
function coloursOf(className = "") {
  const probe = make("span", { className, hidden: true });
  document.body.append(probe);
  const shown = getComputedStyle(probe);
  const names = [...document.styleSheets[0].cssRules[0].style].filter((name) => name.startsWith("--"));
  const found = names.map((name) => {
    probe.style.color = `var(${name})`;
    return [name.slice(2), shown.color];
  });
  probe.remove();
  return Object.fromEntries(found);
}

// A canvas to draw on, cleared, in CSS pixels.
function surface(canvas, width, height, scale = window.devicePixelRatio || 1) {
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const ctx = canvas.getContext("2d");
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.fillStyle = colours.bg;
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = "middle";
  ctx.direction = "ltr";
  return ctx;
}

// Where times are on a canvas: the labels are on its left.
function scaleOf(width, from, until) {
  const left = width < 1000 ? 140 : 180, right = width - 14;
  const perMs = (right - left) / (until - from);
  return { left, right, from, until, perMs, x: (ms) => left + (ms - from) * perMs, ms: (x) => from + (x - left) / perMs };
}

// A text that fits, with an ellipsis where it is cut.
function fitted(ctx, text, room) {
  if (room < 8) return "";
  if (ctx.measureText(text).width <= room) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(text.slice(0, middle) + "…").width <= room) low = middle;
    else high = middle - 1;
  }
  return low > 1 ? text.slice(0, low) + "…" : "";
}

const hatches = new Map();

// Stripes in a colour on a background.
function hatch(ctx, colour, background) {
  const key = colour + background;
  if (!hatches.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = background;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (const at of [-8, 0, 8]) {
      pen.moveTo(at - 1, 9);
      pen.lineTo(at + 9, -1);
    }
    pen.stroke();
    hatches.set(key, ctx.createPattern(tile, "repeat"));
  }
  return hatches.get(key);
}

// How each state looks: fill, edge and the colour of text on it.
function look(ctx, state) {
  switch (state) {
    case 0: return { fill: colours.running, on: colours["on-running"] };
    case 1: return { fill: colours.stopped, on: colours["on-stopped"] };
    case LOST: return { fill: hatch(ctx, colours.lost, colours["lost-bg"]), edge: colours.lost, on: colours["on-lost"], plate: colours["lost-bg"] };
    case DOWN: return { fill: hatch(ctx, colours.down, colours["down-bg"]), edge: colours.down, on: colours["on-down"], plate: colours["down-bg"] };
    default: return { edge: colours.seen, on: colours.text, dashed: true };
  }
}

const BAR = 14;

// A session's bar from x0 to x1, its middle at y. Narrow bars are at least 2 pixels wide.
function paintBar(ctx, s, x0, x1, y, { openLeft, openRight, label }) {
  const state = S.state[s], top = y - BAR / 2;
  const wide = Math.max(x1 - x0, openRight ? 9 : 2);
  const style = look(ctx, state);
  const arrow = openRight && state === RUNNING ? Math.min(7, wide / 2) : 0;
  ctx.beginPath();
  ctx.moveTo(x0, top);
  ctx.lineTo(x0 + wide - arrow, top);
  if (arrow) ctx.lineTo(x0 + wide, y);
  ctx.lineTo(x0 + wide - arrow, top + BAR);
  ctx.lineTo(x0, top + BAR);
  // A notch: it ran before.
  if (openLeft && wide > 8) ctx.lineTo(x0 + 5, y);
  ctx.closePath();
  if (style.fill) {
    ctx.fillStyle = style.fill;
    ctx.fill();
  }
  if (style.edge && wide > 3) {
    ctx.lineWidth = 1;
    ctx.strokeStyle = style.edge;
    ctx.setLineDash(style.dashed ? [3, 2] : []);
    ctx.stroke();
    ctx.setLineDash([]);
  } else if (style.edge) {
    ctx.fillStyle = style.edge;
    ctx.fill();
  }
  if (label && wide > 34) {
    ctx.font = "11.5px " + FONT;
    const text = fitted(ctx, label, wide - 14 - arrow);
    const left = x0 + (openLeft ? 9 : 5);
    if (text && style.plate) {
      ctx.fillStyle = style.plate;
      ctx.fillRect(left - 2, top + 1.5, ctx.measureText(text).width + 4, BAR - 3);
    }
    ctx.fillStyle = style.on;
    ctx.fillText(text, left, y + 0.5);
  }
}

function paintCross(ctx, x, y) {
  ctx.strokeStyle = colours.bg;
  for (const [width, colour] of [[4.5, colours.bg], [2.2, colours.failed]]) {
    ctx.lineWidth = width;
    ctx.strokeStyle = colour;
    ctx.beginPath();
    ctx.moveTo(x - 4, y - 4);
    ctx.lineTo(x + 4, y + 4);
    ctx.moveTo(x + 4, y - 4);
    ctx.lineTo(x - 4, y + 4);
    ctx.stroke();
  }
}
