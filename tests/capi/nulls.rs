//! Every function with NULL for each of its pointers, one at a time, under AddressSanitizer.

use crate::cc::{self, Linkage};
use crate::header::{self, Function, Param};
use std::fmt::Write;
use std::fs;
use std::process::Command;

/// The arguments that mean something as NULL; how many records the call then sends.
const MAY_BE_NULL: &[(&str, &str, u32)] = &[
    ("virAuditOpenConfig", "path", 0),
    ("virAuditSetLogFunc", "func", 0),
    ("virAuditSetLogFunc", "opaque", 0),
    ("virAuditSetClient", "client", 0),
    ("virAuditSend", "source", 1),
    ("virAuditSend", "filename", 1),
    ("virAuditSend", "funcname", 1),
    ("virAuditSend", "clienttty", 1),
    ("virAuditSend", "clientaddr", 1),
    ("virAuditEncode", "value", 0),
    ("virAuditDomainSecurityLabel", "vm_ctx", 1),
    ("virAuditDomainSecurityLabel", "img_ctx", 1),
    ("virAuditDomainSecurityLabel", "model", 1),
    ("virAuditDomainDisk", "oldsrc", 1),
    ("virAuditDomainDisk", "newsrc", 1),
    ("virAuditDomainFS", "oldsrc", 1),
    ("virAuditDomainFS", "newsrc", 1),
    ("virAuditDomainChardev", "oldsrc", 1),
    ("virAuditDomainChardev", "newsrc", 1),
    ("virAuditDomainRNG", "oldsrc", 1),
    ("virAuditDomainRNG", "newsrc", 1),
    ("virAuditDomainNet", "oldmac", 1),
    ("virAuditDomainNet", "newmac", 1),
    ("virAuditDomainNetDevice", "device", 1),
    ("virAuditDomainHostdevSCSIHost", "wwpn", 1),
    ("virAuditDomainHostdevMdev", "uuid", 1),
    ("virAuditDomainHostdevStorage", "block", 1),
    ("virAuditDomainHostdevMisc", "chardev", 1),
    ("virAuditDomainTPM", "path", 1),
    ("virAuditDomainSmartcard", "newsrc", 0),
    ("virAuditDomainShmemServer", "path", 1),
    ("virAuditDomainInput", "path", 1),
    ("virAuditDomainCgroup", "cgroup", 1),
    ("virAuditDomainCgroupMajor", "cgroup", 1),
    ("virAuditDomainCgroupPath", "cgroup", 1),
    ("virAuditDomainCgroupPath", "path", 1),
    ("virAuditDomainCreate", "image", 1),
    ("virAuditDomainDestroy", "image", 1),
    ("virAuditDomainMigrateIn", "peer", 1),
    ("virAuditDomainMigrateOut", "peer", 1),
    ("virAuditMockHost", "config", 0),
    ("virAuditMockExpect", "type", 0),
];

/// What stands for an argument that isn't NULL.
fn valid(param: &Param) -> &'static str {
    match param.kind.as_str() {
        "virAuditDomain *" | "const virAuditDomain *" => "dom",
        "virAuditStats *" => "&stats",
        "virAuditClient *" | "const virAuditClient *" => "&client",
        "virAuditLogFunc" => "func",
        "virLogSource *" => "NULL",
        "void *" => "&stats",
        "const unsigned char [6]" | "const unsigned char [16]" => "uuid",
        "const char *" if param.name == "fmt" => "\"a=1\"",
        "const char *" if param.name == "type" => "\"VIRT_RESOURCE\"",
        "const char *" => "\"x\"",
        "const char *const *" => "fields",
        "bool" => "true",
        "virAuditRecordType" => "VIR_AUDIT_RECORD_RESOURCE",
        "virAuditTPMType" => "VIR_AUDIT_TPM_EMULATOR",
        "size_t" => "sizeof stats",
        _ => "0",
    }
}

/// The call with NULL for argument `null`, and what has to come of it.
fn case(function: &Function, null: usize) -> String {
    let Function { name, result, params, .. } = function;
    let argument = &params[null].name;
    let values = params.iter().enumerate();
    let values = values.map(|(i, param)| if i == null { "NULL" } else { valid(param) });
    let call = format!("{name}({})", values.collect::<Vec<_>>().join(", "));
    let allowed = MAY_BE_NULL.iter().find(|(n, a, _)| n == name && a == argument);
    let records = allowed.map_or(0, |(_, _, records)| *records);
    let failed = if result.contains('*') { "NULL" } else { "-1" };
    let mut text = String::from("    CHECK(virAuditOpenMock() == 0);\n    errno = 0;\n");
    match (result.as_str(), allowed) {
        ("void", _) => writeln!(text, "    {call};\n    CHECK(errno == 0);"),
        // The file, and the kernel, may be there or not.
        _ if name == "virAuditOpenConfig" => writeln!(text, "    if ({call} < 0) {{}}"),
        // There is no record.
        _ if name == "virAuditMockExpect" && allowed.is_some() => {
            writeln!(text, "    CHECK_FAILS({call}, -1, ENOENT, \"no record was sent\");")
        }
        ("char *", Some(_)) => writeln!(text, "    free({call});"),
        (_, Some(_)) => writeln!(text, "    CHECK({call} == 0);"),
        (_, None) => writeln!(
            text,
            "    CHECK_FAILS({call}, {failed}, EINVAL, \"{argument} must not be NULL\");"
        ),
    }
    .unwrap();
    writeln!(text, "    CHECK(virAuditMockCount() == {records});").unwrap();
    text
}

#[test]
fn null_is_an_error_or_means_something_and_never_a_crash() {
    let functions = header::functions();
    for (name, argument, _) in MAY_BE_NULL {
        let known = functions.iter().any(|function| {
            function.name == *name && function.params.iter().any(|param| param.name == *argument)
        });
        assert!(known, "{name} has no {argument}");
    }
    let mut text = String::from(
        "#include \"check.h\"
static void func(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                 const char *function, const char *message)
{
    (void)opaque, (void)level, (void)file, (void)line, (void)function, (void)message;
}
int main(void)
{
    const char *const fields[] = {\"a=1\", NULL};
    virAuditDomain *dom = web1();
    virAuditStats stats;
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;
    (void)func, (void)client;
",
    );
    let mut cases = 0;
    for function in &functions {
        for (i, param) in function.params.iter().enumerate() {
            if param.is_pointer() {
                text.push_str(&case(function, i));
                cases += 1;
            }
        }
    }
    text.push_str("    virAuditDomainFree(dom);\n    return 0;\n}\n");
    assert!(cases > 100, "{cases} pointers");
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("nulls.c"), dir.path().join("nulls"));
    fs::write(&source, text).unwrap();
    // The compiler knows that NULL is no format.
    let flags = ["-std=gnu11", "-fsanitize=address,undefined", "-Wno-format", "-Wno-nonnull"];
    cc::compile("gcc", &flags, &source, Linkage::Shared, &program);
    cc::run(&mut Command::new(&program));
}
