// The pointer: the brush, and choosing, dragging and zooming in the lanes.

function watchBrush() {
  const canvas = $("overview");
  let drag = null;
  const scale = () => scaleOf(canvas.clientWidth, overall.from, overall.until);
  const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
  // What is at a place: an edge of the brush, its middle, or the rest.
  const part = (x) => {
    const [x0, x1] = [scale().x(view.from), scale().x(view.until)];
    if (Math.abs(x - x0) < 6) return "from";
    if (Math.abs(x - x1) < 6) return "until";
    return x > x0 && x < x1 && view.until - view.from < (overall.until - overall.from) * 0.99 ? "middle" : "new";
  };
  canvas.addEventListener("pointerdown", (event) => {
    const x = place(event);
    drag = { part: part(x), at: scale().ms(x), from: view.from, until: view.until };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const x = place(event);
    if (!drag) {
      canvas.style.cursor = { from: "ew-resize", until: "ew-resize", middle: "grab", new: "crosshair" }[part(x)];
      return;
    }
    const ms = scale().ms(x), by = ms - drag.at;
    if (drag.part === "middle") showTime(drag.from + by, drag.until + by);
    else {
      const fixed = { from: drag.until, until: drag.from, new: drag.at }[drag.part];
      const moved = { from: drag.from + by, until: drag.until + by, new: ms }[drag.part];
      if (Math.abs(scale().x(fixed) - scale().x(moved)) > 3) showTime(Math.min(fixed, moved), Math.max(fixed, moved));
    }
  });
  const end = () => { drag = null; };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("dblclick", () => showTime(overall.from, overall.until));
}

function watchLanes() {
  const scroller = $("scroller"), canvas = $("lanes");
  let drag = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const scale = () => scaleOf(scroller.clientWidth, view.from, view.until);
  scroller.addEventListener("scroll", drawSoon);
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, from: view.from, moved: false };
  });
  window.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const by = event.clientX - drag.x;
    if (Math.abs(by) > 4) drag.moved = true;
    if (drag.moved) showTime(drag.from - by / scale().perMs, drag.from - by / scale().perMs + view.until - view.from);
  });
  window.addEventListener("pointerup", () => {
    if (drag && drag.moved) canvas.dataset.moved = "1";
    drag = null;
  });
  canvas.addEventListener("click", (event) => {
    if (canvas.dataset.moved) delete canvas.dataset.moved;
    else choose(sessionAt(...place(event)), { reveal: false });
  });
  canvas.addEventListener("pointermove", (event) => {
    const s = drag && drag.moved ? -1 : sessionAt(...place(event));
    canvas.style.cursor = s >= 0 ? "pointer" : "default";
    showTip(s, event);
  });
  canvas.addEventListener("pointerleave", () => showTip(-1));
  scroller.addEventListener("wheel", (event) => {
    const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 300), scale().ms(place(event)[0]));
    else if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY)) pan(across / 1500);
    else return;
    event.preventDefault();
  }, { passive: false });
}

// What is below the pointer, in words.
function showTip(s, event) {
  const tip = $("tip");
  tip.hidden = s < 0;
  if (s < 0) return;
  const lines = [`${W[S.shown[s]]} · ${spanText(s)}`];
  if (hostOf(s)) lines.push(hostOf(s));
  const scale = scaleOf($("scroller").clientWidth, view.from, view.until);
  const ms = scale.ms(event.clientX - $("lanes").getBoundingClientRect().left), near = 7 / scale.perMs;
  let more = 0;
  for (let e = E.start[s]; e < E.start[s + 1]; e++) {
    if (!E.mark[e] || Math.abs(E.time[e] - ms) > near) continue;
    if (lines.length < 7) lines.push(`${clockText(E.time[e])} ${eventText(e)}`);
    else more++;
  }
  if (more) lines.push(`and ${more} more`);
  tip.replaceChildren(make("b", { textContent: nameOf(s), className: "text" }), ...lines.map((textContent) => make("p", { textContent })));
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, window.innerWidth - box.width - 8)) + "px";
  tip.style.top = (event.clientY + 18 + box.height > window.innerHeight ? event.clientY - box.height - 10 : event.clientY + 18) + "px";
}
