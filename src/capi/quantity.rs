//! Amounts of memory and processors, and devices that a cgroup rule covers.

use super::args::{MaybeText, Text};
use super::boundary::{Problem, status};
use super::domain::{Domain, emit_resource};
use super::emit::send_record;
use crate::record::{Access, Rdev};
use crate::{Record, Resource};
use std::ffi::{c_int, c_uint, c_ulonglong};

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainMemory(
    dom: Option<&Domain>,
    oldval: c_ulonglong,
    newval: c_ulonglong,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainMemory", dom, reason, success, &|| {
        Ok(Resource::Memory { old: oldval, new: newval })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainVcpu(
    dom: Option<&Domain>,
    oldval: c_uint,
    newval: c_uint,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainVcpu", dom, reason, success, &|| {
        Ok(Resource::Vcpu { old: oldval, new: newval })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainIOThread(
    dom: Option<&Domain>,
    oldval: c_uint,
    newval: c_uint,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainIOThread", dom, reason, success, &|| {
        Ok(Resource::IoThread { old: oldval, new: newval })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainCgroup(
    dom: Option<&Domain>,
    cgroup: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainCgroup", dom, reason, success, &|| {
        Ok(Resource::Cgroup { path: cgroup.value(), access: Access::All })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainCgroupMajor(
    dom: Option<&Domain>,
    cgroup: MaybeText<'_>,
    reason: Text<'_>,
    maj: c_int,
    name: Text<'_>,
    perms: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainCgroupMajor", dom, reason, success, &|| {
        let access = Access::Major {
            category: name.value("name")?,
            // As C's %X prints a negative number.
            major: maj as u32,
            acl: perms.value("perms")?,
        };
        Ok(Resource::Cgroup { path: cgroup.value(), access })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainCgroupPath(
    dom: Option<&Domain>,
    cgroup: MaybeText<'_>,
    reason: Text<'_>,
    path: MaybeText<'_>,
    perms: Text<'_>,
    rc: c_int,
) -> c_int {
    status(|| {
        let dom = dom.ok_or(Problem::Null("dom"))?;
        let (reason, acl) = (reason.value("reason")?, perms.value("perms")?);
        if rc > 0 {
            return Ok(());
        }
        let path = path.value();
        let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let access = Access::Path { path, rdev, acl };
        let resource = Resource::Cgroup { path: cgroup.value(), access };
        let record = Record::resource(dom.guest(), reason, resource, rc == 0);
        send_record("virAuditDomainCgroupPath", &record)
    })
}
