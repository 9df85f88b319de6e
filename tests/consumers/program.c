/* What every project here builds, as C and as C++: a guest's start and stop, against the mock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <viraudit.h>

int main(void) {
    static const unsigned char uuid[16] = {0x8e, 0x4f, 0x0f, 0x4c, 0x2f, 0x8b, 0x4b, 0x7a,
                                           0x9d, 0x9c, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab};
    virAuditDomain *dom;
    char version[32];
    char *name;

    if (virAuditOpenMock() < 0 || (dom = virAuditDomainNew("kvm", "web 1", uuid)) == NULL) {
        fprintf(stderr, "%s\n", virAuditLastError());
        return 1;
    }
    virAuditDomainDisk(dom, NULL, "/images/web1.qcow2", "start", true);
    virAuditDomainStart(dom, "booted", true);
    virAuditDomainStop(dom, "shutdown");
    virAuditDomainFree(dom);
    /* libvirt's own way, which ends in the one variadic function. */
    name = virAuditEncode("vm", "web 1");
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm resrc=disk reason=detach %s",
              VIR_AUDIT_STR(name));
    free(name);
    for (size_t i = 0; i < virAuditMockCount(); i++)
        puts(virAuditMockRecord(i));
    snprintf(version, sizeof(version), "%d.%d.%d", VIRAUDIT_VERSION_MAJOR, VIRAUDIT_VERSION_MINOR,
             VIRAUDIT_VERSION_PATCH);
    if (strcmp(virAuditVersion(), version) != 0) {
        fprintf(stderr, "header %s, library %s\n", version, virAuditVersion());
        return 1;
    }
    virAuditClose();
    return 0;
}
