//! What the modules of a crate import, read off its code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, Macro, Meta, UseTree};

/// The workspace's own crates, as paths name them.
const CRATES: [&str; 3] = ["viraudit", "viraudit_trail", "viraudit_auvirt"];

/// The modules at the top of a crate, and which of them, or of the workspace's crates, each uses.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    /// For each module what it uses, with the first file that does.
    uses: BTreeMap<String, BTreeMap<String, String>>,
    /// What lib.rs or main.rs names at the top of the crate: where it really is.
    shortcuts: BTreeMap<String, String>,
}

impl Crate {
    /// The crate whose code is below a directory.
    pub(crate) fn read(root: &Path, directory: &str) -> Self {
        let directory = root.join(directory);
        let mut paths = Vec::new();
        collect(&directory, &mut paths);
        paths.sort();
        let texts: Vec<_> = (paths.iter())
            .map(|path| std::fs::read_to_string(path).expect("a source file"))
            .collect();
        let names = paths.iter().map(|path| path.strip_prefix(&directory).expect("below it"));
        Self::of(names.zip(texts.iter().map(String::as_str)))
    }

    /// The crate of these files: paths and texts.
    pub(crate) fn of<'t>(files: impl IntoIterator<Item = (&'t Path, &'t str)>) -> Self {
        let mut krate = Self::default();
        let mut parsed = Vec::new();
        for (path, text) in files {
            let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let module = module_of(path);
            match module.first() {
                // The root puts the modules together; it may use any.
                None => krate.find_shortcuts(&file),
                Some(top) => {
                    krate.uses.entry(top.clone()).or_default();
                    parsed.push((module, path.display().to_string(), file));
                }
            }
        }
        for (module, path, file) in &parsed {
            let mut imports = Imports { module: module.clone(), found: BTreeSet::new() };
            imports.visit_file(file);
            for found in imports.found {
                krate.add(&module[0], &found, path);
            }
        }
        krate
    }

    /// The modules at the top.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        self.uses.keys().map(String::as_str)
    }

    /// What a module uses, and a file that does.
    pub(crate) fn uses(&self, module: &str) -> &BTreeMap<String, String> {
        self.uses.get(module).unwrap_or_else(|| panic!("the table's module {module} isn't there"))
    }

    fn add(&mut self, module: &str, found: &str, path: &str) {
        let found = self.shortcuts.get(found).map_or(found, String::as_str);
        let used = match found.strip_prefix("::") {
            Some(krate) => krate.replace('_', "-"),
            None if self.uses.contains_key(found) => found.to_owned(),
            None => return, // the root's own, such as a constant
        };
        if used != module {
            let uses = self.uses.get_mut(module).expect("it was entered");
            uses.entry(used).or_insert_with(|| path.to_owned());
        }
    }

    fn find_shortcuts(&mut self, file: &File) {
        for item in &file.items {
            let Item::Use(item) = item else { continue };
            for path in paths_of(&item.tree) {
                if let [module, .., name] = &path[..] {
                    self.shortcuts.insert(name.clone(), module.clone());
                }
            }
        }
    }
}

/// The files below a directory, without those that hold nothing but tests.
fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the table's directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            paths.push(path);
        }
    }
}

/// The path of a file's module within its crate.
fn module_of(path: &Path) -> Vec<String> {
    let parts = path.with_extension("");
    let mut parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod")
        || matches!(&parts[..], [root] if root == "lib" || root == "main")
    {
        parts.pop();
    }
    parts
}

/// The paths that a `use` names, each with its last name.
fn paths_of(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => (paths_of(&path.tree).into_iter())
            .map(|mut rest| {
                rest.insert(0, path.ident.to_string());
                rest
            })
            .collect(),
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(name) => vec![vec![name.ident.to_string()]],
        UseTree::Glob(_) => vec![vec!["*".to_owned()]],
        UseTree::Group(group) => group.items.iter().flat_map(paths_of).collect(),
    }
}

/// Collects the first name, below the crate's root, of each path that leads out of a module.
struct Imports {
    module: Vec<String>,
    found: BTreeSet<String>,
}

impl Imports {
    fn path(&mut self, path: &[String]) {
        let mut module = &self.module[..];
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => (module, rest) = (&[], &rest[1..]),
            Some("super" | "self") => {}
            Some(krate) if CRATES.contains(&krate) => {
                self.found.insert(format!("::{krate}"));
                return;
            }
            _ => return,
        }
        while let [first, tail @ ..] = rest {
            match first.as_str() {
                "super" => module = module.split_last().map_or(&[], |(_, parent)| parent),
                "self" => {}
                _ => break,
            }
            rest = tail;
        }
        self.found.extend(module.first().or(rest.first()).cloned());
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        meta => meta.path().is_ident("test"),
    })
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for path in paths_of(&item.tree) {
            self.path(&path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if names.len() > 1 {
            self.path(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        // Tokens are no syntax tree, but paths in them look the same.
        let text = item.tokens.to_string().replace(" :: ", "::");
        let is_name = |byte: char| byte.is_alphanumeric() || byte == '_' || byte == ':';
        for word in text.split(|byte| !is_name(byte)).filter(|word| word.contains("::")) {
            self.path(&word.split("::").map(str::to_owned).collect::<Vec<_>>());
        }
        visit::visit_macro(self, item);
    }
}
