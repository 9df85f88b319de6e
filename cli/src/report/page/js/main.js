// Starts the page.

readData().then(() => {
  empty = [...$("chosen").childNodes];
  hostsDiffer = new Set(S.host).size > 1;
  findBeginnings();
  startView();
  document.documentElement.classList.add("ready");
  makeTables();
  watchControls();
  watchBrush();
  watchLanes();
  watchKeys();
  watchPaper();
  filtersChanged();
}).catch((error) => {
  const text = `The page can't be shown in this browser (${error}). The counts and the findings above are complete.`;
  document.body.append(make("p", { className: "note", textContent: text }));
});
