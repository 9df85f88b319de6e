//! Compiles the one C file (the variadic entry point) and, with the feature `bindgen`, regenerates
//! `src/audit_sys/bindings.rs` in place, so that a drift shows as a changed file. VIRAUDIT_BINDINGS=FILE
//! writes it there instead, which tests/roots/processors does for each processor.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "bindgen")]
    bindings();
    #[cfg(feature = "capi")]
    {
        variadic();
        // Once loaded, the library stays, as libvirt's does: threads may hold something of it, and
        // what Rust's own library keeps for a process would be left behind by each unloading.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

#[cfg(feature = "capi")]
fn variadic() {
    println!("cargo:rerun-if-changed=src/capi/send.c");
    cc::Build::new()
        .file("src/capi/send.c")
        .std("c99")
        .flag_if_supported("-fvisibility=hidden")
        .warnings(true)
        .extra_warnings(true)
        .compile("viraudit_send");
}

#[cfg(feature = "bindgen")]
fn bindings() {
    use std::path::Path;

    println!("cargo:rerun-if-env-changed=VIRAUDIT_BINDINGS");
    let source = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let elsewhere = std::env::var_os("VIRAUDIT_BINDINGS").unwrap_or_default();
    let out = Path::new(&source).join("src/audit_sys/bindings.rs");
    let out = if elsewhere.is_empty() { out } else { elsewhere.into() };
    bindgen::Builder::default()
        .header_contents(
            "kernel.h",
            // Where a rule's parts are. The struct itself ends in an array without a length, for
            // which bindgen writes unsafe code.
            "#include <linux/netlink.h>\n#include <linux/audit.h>\n\
             #define AT(part) __builtin_offsetof(struct audit_rule_data, part)\n\
             enum rule_layout {\n\
             RULE_LIST = AT(flags), RULE_ACTION = AT(action), RULE_FIELD_COUNT = AT(field_count),\n\
             RULE_FIELDS = AT(fields), RULE_VALUES = AT(values), RULE_OPERATORS = AT(fieldflags),\n\
             RULE_TEXT_LEN = AT(buflen), RULE_TEXT = AT(buf)\n\
             };\n",
        )
        .allowlist_type("nlmsghdr|sockaddr_nl|audit_status|audit_nlgrps|rule_layout")
        .allowlist_var("NETLINK_(AUDIT|CAP_ACK|ADD_MEMBERSHIP)")
        .allowlist_var("NLM_F_(REQUEST|ACK)|NLMSG_(ERROR|DONE)")
        .allowlist_var("AUDIT_(GET|NLGRP_READLOG|MESSAGE_TEXT_MAX|FIRST_USER_MSG2|LAST_USER_MSG2)")
        .allowlist_var("AUDIT_(LIST_RULES|FILTER_USER|FILTER_EXCLUDE|NEVER|ALWAYS|MAX_FIELDS)")
        .allowlist_var("AUDIT_(PID|UID|GID|LOGINUID|MSGTYPE|WATCH|DIR|EXE|FILTERKEY)")
        .allowlist_var("AUDIT_(SUBJ_(USER|ROLE|TYPE|SEN|CLR)|OBJ_(USER|ROLE|TYPE|LEV_LOW|LEV_HIGH))")
        .allowlist_var("AUDIT_((LESS|GREATER)_THAN(_OR_EQUAL)?|(NOT_)?EQUAL|OPERATORS)")
        // It holds a union, whose default would need unsafe code.
        .no_default("audit_status.*")
        .use_core()
        .derive_default(true)
        .layout_tests(true)
        .disable_header_comment()
        .raw_line("// Made from <linux/netlink.h> and <linux/audit.h> by `cargo build --features bindgen`; don't edit.")
        .generate()
        .expect("bindgen reads the kernel headers")
        .write_to_file(out)
        .expect("the bindings can be written");
}
