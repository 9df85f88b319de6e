// A table: the rows that match, sorted, a page at a time.

const PAGE_ROWS = 100, PRINTED_ROWS = 3000;

// The name of the table's element; how many rows there are; its columns; the column by which the rows are in
// order; which rows match; what choosing one does, whether one is chosen, and whether choosing it again undoes it.
//
// A column has a key, a title and a cell, and sorts by `rank`, or by a text: the cell itself, or `text`.
class Table {
  constructor({ name, count, columns, inOrder, matching, choose, isChosen, toggles = false }) {
    Object.assign(this, { count, inOrder, matching, choose, isChosen, toggles });
    this.columns = columns.filter((column) => !column.if || column.if());
    this.order = { column: inOrder ?? this.columns[0].key, down: false };
    this.matched = null;
    this.rows = new Int32Array(0);
    this.page = 0;
    this.table = $(name);
    this.section = this.table.closest("section");
    this.head = this.table.tHead.rows[0];
    this.body = this.table.tBodies[0];
    this.makeHead(false);
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row && !event.target.closest("button")) choose(Number(row.dataset.row));
    });
    const go = (name, to) => {
      this.part(name).onclick = () => {
        this.page = to();
        this.showPage();
      };
    };
    go("page-first", () => 0);
    go("page-before", () => this.page - 1);
    go("page-after", () => this.page + 1);
    go("page-last", () => this.pages - 1);
  }

  part(name) { return this.section.querySelector("." + name); }
  get pages() { return Math.max(1, Math.ceil(this.rows.length / PAGE_ROWS)); }

  // The header; on paper without buttons, which browsers don't repeat on each page.
  makeHead(onPaper) {
    this.head.replaceChildren(...this.columns.map(({ key, title, kind }) => {
      const button = () => make("button", { type: "button", textContent: title, onclick: () => this.sortBy(key) });
      return make("th", { scope: "col", className: kind ?? "", data: { column: key } }, onPaper ? title : button());
    }));
    this.showOrder();
  }

  showOrder() {
    const { column, down } = this.order;
    for (const head of this.head.children) {
      head.setAttribute("aria-sort", head.dataset.column !== column ? "none" : down ? "descending" : "ascending");
    }
  }

  sortBy(key) {
    this.order = { column: key, down: this.order.column === key && !this.order.down };
    this.sort();
  }

  // Shows the rows that match now. If they are the same ones, the page and the focus stay.
  fill() {
    const { matched } = this;
    this.matched = this.matching();
    if (matched && matched.length === this.matched.length && matched.every((row, i) => row === this.matched[i])) {
      this.markRows();
    } else {
      this.rows = this.matched.slice();
      this.sort();
    }
  }

  sort() {
    const { column, down } = this.order;
    const rank = rankOf(this.columns.find(({ key }) => key === column), this.count);
    const key = new Float64Array(this.count);
    for (const row of this.rows) key[row] = rank(row);
    const turn = down ? -1 : 1;
    // Infinity less infinity is no number.
    const compare = (a, b) => (key[a] === key[b] ? a - b : key[a] < key[b] ? -turn : turn);
    this.rows.sort(column !== this.inOrder || down ? compare : (a, b) => a - b);
    this.page = 0;
    this.showOrder();
    this.showPage();
  }

  showPage() {
    const { page, pages } = this;
    this.showRows(page * PAGE_ROWS, Math.min((page + 1) * PAGE_ROWS, this.rows.length));
    this.part("page-first").disabled = this.part("page-before").disabled = page === 0;
    this.part("page-after").disabled = this.part("page-last").disabled = page + 1 >= pages;
  }

  showRows(from, until) {
    const body = document.createDocumentFragment();
    for (const i of this.rows.subarray(from, until)) {
      const row = make("tr", { data: { row: i } });
      for (const { cell, kind } of this.columns) row.append(make("td", { className: kind ?? "text" }, cell(i)));
      body.append(row);
    }
    this.body.replaceChildren(body);
    this.markRows();
    const all = this.rows.length;
    this.part("rows-shown").textContent = all
      ? `${number(from + 1)} to ${number(until)} of ${number(all)}` : this.count ? "none match" : "none";
  }

  markRows() {
    for (const row of this.body.children) {
      const isChosen = this.isChosen(Number(row.dataset.row));
      if (isChosen) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
      if (this.toggles) row.querySelector("button").setAttribute("aria-pressed", String(isChosen));
    }
  }

  toPaper() {
    this.makeHead(true);
    this.showRows(0, Math.min(PRINTED_ROWS, this.rows.length));
  }

  fromPaper() {
    this.makeHead(false);
    this.showPage();
  }
}

const ranks = new WeakMap();

// What a column is sorted by: numbers, or the place of a text among all of its texts, as people sort names.
function rankOf(column, count) {
  if (column.rank) return column.rank;
  const text = column.text ?? column.cell;
  if (!ranks.has(column)) {
    const used = new Set();
    for (let i = 0; i < count; i++) used.add(text(i));
    ranks.set(column, new Map([...used].sort(byName).map((text, rank) => [text, rank])));
  }
  const places = ranks.get(column);
  return (row) => places.get(text(row));
}
