//! The contrast of the page's colours, as WCAG 2 computes it: 4.5 for text, 3 for shapes. The pairs come from
//! the style sheet and the script, so a new colour is checked without being listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::program::root;

const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// Colours that carry no meaning: lines between rows, stripes, and fills whose edge has its own colour.
const WITHOUT_MEANING: [&str; 7] =
    ["bg", "line", "stripe", "area", "area-all", "lost-bg", "down-bg"];

fn file(name: &str) -> String {
    fs::read_to_string(root().join("cli/src/report/page").join(name)).unwrap()
}

fn script() -> String {
    let files = fs::read_dir(root().join("cli/src/report/page/js")).unwrap();
    let mut names: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.into_iter().map(|name| fs::read_to_string(name).unwrap()).collect()
}

/// The rules of a style sheet: selectors with their declarations. Rules in `@media` come without it.
fn rules(css: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").unwrap().1;
    }
    plain.push_str(rest);
    let mut rules = Vec::new();
    for part in plain.split('}') {
        let Some((head, body)) = part.rsplit_once('{') else { continue };
        let selector = head.rsplit('{').next().unwrap().trim().to_owned();
        let declarations = body.split(';').filter_map(|one| one.split_once(':'));
        let trimmed = declarations.map(|(name, value)| (name.trim().into(), value.trim().into()));
        rules.push((selector, trimmed.collect()));
    }
    rules
}

/// The names in `var(--NAME)`.
fn variables(value: &str) -> Vec<String> {
    let parts = value.split("var(--").skip(1);
    parts.map(|part| part.split(')').next().unwrap().to_owned()).collect()
}

/// The colours of the script in an expression: `colours.NAME` or `colours["NAME"]`.
fn painted(expression: &str) -> Vec<String> {
    let parts = expression.split("colours").skip(1);
    let name = |part: &str| -> Option<String> {
        let part = part.strip_prefix('.').or_else(|| part.strip_prefix("[\""))?;
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        Some(part[..end.unwrap_or(part.len())].to_owned())
    };
    parts.filter_map(name).collect()
}

/// The colours of light, dark and paper.
fn themes() -> [(&'static str, BTreeMap<String, String>); 3] {
    let (mut light, mut dark, mut paper) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (selector, declarations) in rules(&file("page.css")) {
        for (name, value) in declarations {
            let Some(name) = name.strip_prefix("--").map(str::to_owned) else { continue };
            match (&*selector, value.strip_prefix("light-dark(")) {
                (":root", Some(pair)) => {
                    let (one, other) = pair.trim_end_matches(')').split_once(", ").unwrap();
                    light.insert(name.clone(), one.to_owned());
                    paper.insert(name.clone(), one.to_owned());
                    dark.insert(name, other.to_owned());
                }
                (".on-paper", None) => drop(paper.insert(name, value)),
                _ => panic!("{selector}: --{name}: {value}"),
            }
        }
    }
    assert!(light.len() > 20, "{light:?}");
    [("light", light), ("dark", dark), ("paper", paper)]
}

fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    assert!(colour.len() == 7 && colour.starts_with('#'), "{colour}");
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Pairs of a colour in front and one behind it, with the contrast that they need.
fn pairs() -> BTreeSet<(String, String, bool)> {
    let rules = rules(&file("page.css"));
    let mut pairs = BTreeSet::new();
    let own = |declarations: &[(String, String)], name: &str| -> Option<String> {
        let (_, value) = declarations.iter().find(|(key, _)| key == name)?;
        variables(value).into_iter().next()
    };
    // Text of other rules is on the backgrounds of rules that set no colour of their own.
    let surfaces: BTreeSet<String> = rules
        .iter()
        .filter(|(selector, it)| own(it, "color").is_none() || selector == "html")
        .filter_map(|(_, it)| own(it, "background"))
        .collect();
    assert!(surfaces.contains("bg") && surfaces.contains("panel"), "{surfaces:?}");
    for (selector, declarations) in &rules {
        for (name, value) in declarations {
            if selector.contains("@bottom") && name == "color" {
                // The page numbers of paper, where variables don't reach.
                assert!(contrast(value, "#ffffff") >= TEXT, "{value}");
            } else if name == "color" && value != "inherit" {
                let front = own(declarations, "color");
                let front = front.unwrap_or_else(|| panic!("{selector}: {value} is no variable"));
                let behind = own(declarations, "background").filter(|_| selector != "html");
                let behind = behind.map_or(surfaces.clone(), |one| BTreeSet::from([one]));
                pairs.extend(behind.into_iter().map(|behind| (front.clone(), behind, true)));
            }
            if name.starts_with("border") || name.starts_with("outline") || name == "box-shadow" {
                for edge in variables(value) {
                    let behind = surfaces.iter().cloned();
                    pairs.extend(behind.map(|behind| (edge.clone(), behind, false)));
                }
            }
        }
    }
    // Everything that the script paints is on the lanes' background or their stripes; what it writes with a
    // colour is text. How a state looks has its text's background beside it.
    let script = script();
    let mut fill = Vec::new();
    for line in script.lines() {
        for (property, is_fill) in [("fillStyle = ", true), ("strokeStyle = ", false)] {
            let Some((_, value)) = line.split_once(property) else { continue };
            let names = painted(value);
            names.iter().for_each(|name| pairs.extend(on_lanes(name, false)));
            if is_fill {
                fill = names;
            }
        }
        if line.contains("fillText(") {
            fill.iter().for_each(|name| pairs.extend(on_lanes(name, true)));
        }
        if let Some((look, text)) = line.split_once(" on: ") {
            let fronts = painted(text.split(',').next().unwrap());
            let plate = text.split_once("plate: ").map(|(_, plate)| painted(plate));
            let fill = look.split_once("fill: ").map(|(_, fill)| painted(fill));
            let behind = plate.or(fill).unwrap_or_else(|| vec!["bg".into(), "stripe".into()]);
            for front in fronts {
                let behind = behind.iter().cloned();
                pairs.extend(behind.map(|behind| (front.clone(), behind, true)));
            }
        }
        // Any other use, as a colour that is passed on.
        for name in painted(line).iter().filter(|name| !name.starts_with("on-")) {
            pairs.extend(on_lanes(name, false));
        }
    }
    pairs.retain(|(front, _, is_text)| *is_text || !WITHOUT_MEANING.contains(&&**front));
    pairs
}

fn on_lanes(name: &str, is_text: bool) -> [(String, String, bool); 2] {
    ["bg", "stripe"].map(|behind| (name.to_owned(), behind.to_owned(), is_text))
}

#[test]
fn every_colour_is_seen_on_what_is_behind_it() {
    let pairs = pairs();
    for expected in [
        ("soft", "accent-bg", true),
        ("on-lost", "lost-bg", true),
        ("on-running", "running", true),
        ("text", "stripe", true),
        ("good", "good-bg", true),
        ("denial", "stripe", false),
        ("gap", "bg", false),
    ] {
        let (front, behind, is_text) = expected;
        assert!(pairs.contains(&(front.into(), behind.into(), is_text)), "{expected:?}");
    }
    for (theme, colours) in themes() {
        for (front, behind, is_text) in &pairs {
            let contrast = contrast(&colours[front], &colours[behind]);
            let least = if *is_text { TEXT } else { SHAPE };
            assert!(contrast >= least, "{theme}: {front} on {behind}: {contrast:.2}");
        }
    }
}

#[test]
fn every_colour_is_used() {
    let (css, script) = (file("page.css"), script());
    let used: BTreeSet<String> = variables(&css).into_iter().chain(painted(&script)).collect();
    let known: BTreeSet<String> = themes()[0].1.keys().cloned().collect();
    assert_eq!(used, known);
}
