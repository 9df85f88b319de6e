/*
 * A guest's life in audit records: it starts, gets a disk while it runs, and stops.
 *
 *     cc -std=c99 -Iinclude examples/c/guest.c -Ltarget/release -lviraudit -o guest
 *     LD_LIBRARY_PATH=target/release ./guest                             (kept and shown)
 *     LD_LIBRARY_PATH=target/release ./guest /etc/libvirt/libvirtd.conf  (sent to the kernel)
 */

#include <stdio.h>
#include <unistd.h>
#include <viraudit.h>

static const char xml[] =
    "<domain type='kvm'>"
    "  <name>web1</name>"
    "  <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>"
    "  <memory unit='MiB'>512</memory>"
    "  <vcpu>2</vcpu>"
    "  <os><type>hvm</type></os>"
    "  <devices>"
    "    <interface type='network'>"
    "      <mac address='52:54:00:12:34:56'/><source network='default'/>"
    "    </interface>"
    "  </devices>"
    "</domain>";

int main(int argc, char **argv)
{
    virAuditDomain *dom;
    virAuditStats stats = {0};
    size_t i;

    if ((argc > 1 ? virAuditOpenConfig(argv[1]) : virAuditOpenMock()) < 0) {
        fprintf(stderr, "no auditing: %s\n", virAuditLastError());
        return 1;
    }
    dom = virAuditDomainNewXML(xml);
    if (dom == NULL) {
        fprintf(stderr, "bad XML: %s\n", virAuditLastError());
        return 1;
    }
    virAuditDomainSetPid(dom, getpid());
    virAuditDomainStart(dom, "booted", true); /* everything in the XML, then the start */
    virAuditDomainDisk(dom, NULL, "/images/data.qcow2", "attach", true);
    virAuditDomainSetPid(dom, 0);
    virAuditDomainStop(dom, "shutdown");
    virAuditDomainFree(dom);

    for (i = 0; i < virAuditMockCount(); i++)
        puts(virAuditMockRecord(i));
    virAuditGetStats(&stats, sizeof stats);
    printf("%llu records, %llu delivered\n", stats.offered, stats.delivered);
    virAuditClose();
    return stats.failed > 0;
}
