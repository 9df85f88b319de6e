// Tiles, findings, the search, the buttons, the legend and the theme.

function watchControls() {
  for (const tile of document.querySelectorAll("[data-tile]")) {
    tile.onclick = () => {
      view.tile = view.tile === tile.dataset.tile ? "all" : tile.dataset.tile;
      if (tile.dataset.tile === "all") clearFilters();
      else filtersChanged();
    };
  }
  for (const button of document.querySelectorAll("[data-show]")) {
    button.onclick = () => {
      view.finding = view.finding === button.dataset.show ? null : button.dataset.show;
      filtersChanged();
    };
  }
  for (const button of document.querySelectorAll("[data-session]")) {
    if (button.tagName === "BUTTON") button.onclick = () => choose(Number(button.dataset.session));
  }
  $("find").oninput = whenQuiet(120, () => {
    view.query = $("find").value;
    filtersChanged();
  });
  $("mode").value = view.mode;
  $("mode").onchange = () => {
    view.mode = $("mode").value;
    $("scroller").scrollTop = 0;
    filtersChanged();
  };
  $("zoom-in").onclick = () => zoom(2);
  $("zoom-out").onclick = () => zoom(0.5);
  $("earlier").onclick = () => pan(-0.5);
  $("later").onclick = () => pan(0.5);
  $("all-time").onclick = () => showTime(overall.from, overall.until);
  $("clear").onclick = () => clearFilters();
  $("print").onclick = () => window.print();
  $("theme").onclick = () => setTheme(isDark() ? "light" : "dark");
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
  window.addEventListener("resize", () => {
    drawLegend();
    drawSoon();
  });
  themeChanged();
}

// Shows everything, or everything of one guest.
function clearFilters(guest = -1) {
  Object.assign(view, { tile: "all", finding: null, query: "", guest });
  $("find").value = "";
  filtersChanged();
}

// Shows which filters are on, and how many sessions match.
function showFilters() {
  for (const tile of document.querySelectorAll("[data-tile]")) {
    const { tile: name } = tile.dataset;
    tile.setAttribute("aria-pressed", String(name === view.tile && name !== "all"));
  }
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === view.finding));
  }
  const all = view.shown.length === COUNT;
  const { tile, finding, query, guest } = view;
  $("clear").hidden = tile === "all" && !finding && !query.trim() && guest < 0;
  for (const [id, rows] of [["sessions-title", "Sessions"], ["operations-title", "Operations"]]) {
    const name = () => [" of ", make("span", { className: "text", textContent: guestName(guest) })];
    $(id)?.replaceChildren(rows, ...(guest < 0 ? [] : name()));
  }
  const sessions = counted(COUNT, "session", "sessions");
  $("hits").textContent = all ? sessions : `${number(view.shown.length)} of ${sessions}`;
}

// The last name of a guest.
function guestName(uuid) {
  const s = S.uuid.lastIndexOf(uuid);
  return S.renamed[s] ? W[S.renamed[s]] : nameOf(s);
}

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeChanged();
}

function themeChanged() {
  $("theme").textContent = isDark() ? "Light" : "Dark";
  colours = coloursOf();
  drawLegend();
  drawSoon();
}

// Each shape with its meaning, drawn as in the lanes; only shapes that occur.
function drawLegend() {
  const has = new Set(S.state), marks = new Set(E.mark);
  const bar = (state, text) => [has.has(state), text, (ctx) => paintSample(ctx, state)];
  const mark = (kind, text) => [marks.has(kind), text, (ctx) => paintMark(ctx, kind, 9, 9, 1), 18];
  const entries = [
    bar(0, "still running"), bar(1, "stopped"), bar(LOST, "lost: started again without a stop"),
    bar(DOWN, "ended with its host"), bar(SEEN, "seen, but no start or stop"), bar(UNSTARTED, "never started"),
    [has.has(FAILED) || marks.has(BROKEN), "failed start or operation", (ctx) => paintCross(ctx, 9, 9), 18],
    mark(DENIAL, "denial or anomaly"), mark(ATTACH, "attached"), mark(DETACH, "detached"), mark(CHANGE, "changed"),
    [T.moves[0].length > 0 && view.mode === "guest", "moved to another host", (ctx) => {
      ctx.fillStyle = colours.accent;
      ctx.fillRect(8, 1, 2, 16);
    }, 18],
    [T.overlaps[0].length > 0, "on two hosts at once", (ctx) => {
      ctx.fillStyle = colours.stopped;
      ctx.fillRect(2, 3, 26, 12);
      ctx.strokeStyle = colours.denial;
      ctx.lineWidth = 2;
      ctx.strokeRect(2, 2, 26, 14);
    }],
    [T.gaps.length > 0, "records are missing", (ctx) => {
      paintGap(ctx, 2, 28, 18);
    }],
    [S.flags.some((flags) => flags & GAP), "may have ended where records are missing", (ctx) => paintDoubt(ctx, 20, 9), 18],
  ];
  $("legend").replaceChildren(...entries.filter(([is]) => is).map(([, text, paint, width = 30]) => {
    const canvas = make("canvas");
    canvas.style.width = width + "px";
    canvas.style.height = "18px";
    paint(surface(canvas, width, 18));
    return make("span", {}, canvas, text);
  }));
}

function paintSample(ctx, state) {
  const style = look(ctx, state);
  ctx.beginPath();
  ctx.moveTo(1, 2);
  ctx.lineTo(state === RUNNING ? 22 : 28, 2);
  if (state === RUNNING) ctx.lineTo(29, 9);
  ctx.lineTo(state === RUNNING ? 22 : 28, 16);
  ctx.lineTo(1, 16);
  ctx.closePath();
  if (style.fill) {
    ctx.fillStyle = style.fill;
    ctx.fill();
  }
  if (style.edge) {
    ctx.strokeStyle = style.edge;
    ctx.setLineDash(style.dashed ? [3, 2] : []);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}
