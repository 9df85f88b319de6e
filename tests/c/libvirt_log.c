/* Inside libvirt, log lines go to libvirt's own function; here, a stand-in for it. */

#include "check.h"

#include <stdarg.h>

struct _virLogSource {
    const char *name;
    unsigned int priority;
    unsigned int serial;
};

static char seen[1000];

void virLogMessage(virLogSource *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...);

void virLogMessage(virLogSource *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...)
{
    va_list args;
    int length;

    CHECK(metadata == NULL);
    /* As libvirt does: it keeps what it found for the source. */
    source->serial++;
    length = snprintf(seen, sizeof seen, "%s %d %s:%d %s: ", source->name, priority, filename,
                      linenr, funcname);
    va_start(args, fmt);
    vsnprintf(seen + length, sizeof seen - (size_t)length, fmt, args);
    va_end(args);
}

int main(void)
{
    virLogSource source = {"daemon.vm", 0, 0};
    virAuditDomain *dom = web1();

    virAuditLog(true);
    virAuditSend(&source, "vm.c", 12, "start", NULL, NULL, VIR_AUDIT_RECORD_MACHINE_CONTROL, true,
                 "a=%d%%", 1);
    CHECK_TEXT(seen, "daemon.vm 2 vm.c:12 start: success=yes a=1%");
    CHECK(source.serial == 1);
    virAuditSend(NULL, "vm.c", 13, "start", NULL, NULL, VIR_AUDIT_RECORD_MACHINE_CONTROL, false,
                 "a=1");
    CHECK_TEXT(seen, "util.audit 3 vm.c:13 start: success=no a=1");
    CHECK(virAuditDomainCgroup(dom, NULL, "deny", true) == 0);
    CHECK_TEXT(seen, "util.audit 2 :0 virAuditDomainCgroup: success=yes virt=kvm resrc=cgroup "
                     "reason=deny vm=\"web1\" uuid=" UUID_TEXT " cgroup=\"?\" class=all");
    CHECK(source.serial == 1);
    virAuditDomainFree(dom);
    return 0;
}
