// Paper: the lanes as pictures that fit on a page, and the tables with all their rows.

const PAPER_WIDTH = 1050, LANES_A_PICTURE = 34, PRINTED_LANES = 340;

function watchPaper() {
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
}

const isOnPaper = () => document.documentElement.classList.contains("on-paper");

function toPaper() {
  const screen = colours;
  colours = coloursOf("on-paper");
  document.documentElement.classList.add("on-paper");
  const lanes = findVisible(view.from, view.until);
  const printed = lanes.slice(0, PRINTED_LANES);
  const figures = [];
  const of = (canvas, caption) => make("figure", {}, make("figcaption", { textContent: caption }), canvas);
  if (COUNT) figures.push(of(paintPaper(OVERVIEW, paintOverview, overall), "Guests running over time, and denials"));
  for (let at = 0; at < printed.length; at += LANES_A_PICTURE) {
    const part = printed.slice(at, at + LANES_A_PICTURE);
    const height = part.length * ROW + 6;
    const canvas = paintPaper(height + 26, (ctx, scale) => {
      paintAxis(ctx, scale, 26);
      ctx.translate(0, 26);
      paintRows(ctx, scale, part, { first: 0, last: part.length, top: 0, height });
    }, view);
    figures.push(of(canvas, `${shownRange()}, lanes ${number(at + 1)} to ${number(at + part.length)} of ${number(lanes.length)}`));
  }
  if (lanes.length > printed.length) figures.push(make("p", { textContent: `The other ${number(lanes.length - printed.length)} lanes are not printed: choose less with the filters first.` }));
  $("paper").replaceChildren(...figures);
  colours = screen;
  tables.forEach((table) => table.toPaper());
}

function paintPaper(height, paint, { from, until }) {
  const canvas = make("canvas");
  const ctx = surface(canvas, PAPER_WIDTH, height, 2);
  paint(ctx, scaleOf(PAPER_WIDTH, from, until), PAPER_WIDTH);
  return canvas;
}

function fromPaper() {
  document.documentElement.classList.remove("on-paper");
  $("paper").replaceChildren();
  tables.forEach((table) => table.fromPaper());
}
