//! Which forms of the kinds of resources a test leaves out.

use viraudit::Resource;
use viraudit::internal::record::form_of;

/// A kind, and the keys of one of its forms with the words that are fixed there.
fn name(resource: &Resource<'_>) -> String {
    let mut name = resource.kind().to_owned();
    for field in form_of(resource) {
        name += &format!(" {}={}", field.key, field.word.unwrap_or_default());
    }
    name
}

/// The forms of the table that none of these resources has.
pub(crate) fn left_out<'r>(seen: impl IntoIterator<Item = Resource<'r>>) -> Vec<String> {
    let seen: Vec<String> = seen.into_iter().map(|resource| name(&resource)).collect();
    let mut forms: Vec<String> = Resource::every_kind().iter().map(name).collect();
    forms.dedup();
    forms.retain(|form| !seen.contains(form));
    forms
}
