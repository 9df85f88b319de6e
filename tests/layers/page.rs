//! The tables of ARCHITECTURE.md.

/// A crate's table.
#[derive(Debug)]
pub(crate) struct Table {
    /// The crate's name.
    pub(crate) krate: String,
    /// Where its code is.
    pub(crate) directory: String,
    pub(crate) rows: Vec<Row>,
}

/// A module and those that it uses: modules of its crate, or other crates of the workspace.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) module: String,
    pub(crate) uses: Vec<String>,
}

/// What a text has between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// Every table under a heading such as "### `viraudit` (`src/`)".
pub(crate) fn tables(page: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut in_table = false;
    for line in page.lines() {
        if line.starts_with('#') {
            let names: Vec<_> = quoted(line).collect();
            in_table = false;
            if let ("### ", [krate, directory]) = (&line[..line.len().min(4)], &names[..]) {
                let (krate, directory) = (krate.clone(), directory.clone());
                tables.push(Table { krate, directory, rows: Vec::new() });
                in_table = true;
            }
        } else if let (true, Some(row)) = (in_table, line.strip_prefix("| `")) {
            let cells: Vec<_> = row.split('|').collect();
            let [module, _, uses, _] = cells[..] else { panic!("three cells in: {line}") };
            let module = module.trim().trim_end_matches('`').to_owned();
            let table = tables.last_mut().expect("a heading comes first");
            table.rows.push(Row { module, uses: quoted(uses).collect() });
        }
    }
    tables
}
