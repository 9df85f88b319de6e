/* Calls work on a stack of 64 KiB, or on the smallest of the C library: 128 KiB on arm64 and ppc64el. */

#include "check.h"

#include <limits.h>
#include <pthread.h>

static const char xml[] = "<domain type='kvm' id='1'><name>web1</name><uuid>" UUID_TEXT "</uuid>"
                          "<memory>1048576</memory><vcpu>2</vcpu></domain>";

static void ignore(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                   const char *function, const char *message)
{
    (void)opaque, (void)level, (void)file, (void)line, (void)function, (void)message;
}

static void *each_group(void *path)
{
    static char text[12000];
    virAuditDomain *dom = web1(), *described = virAuditDomainNewXML(xml);
    const char *const fields[] = {"a=b", NULL};

    memset(text, 'x', sizeof text - 1);
    CHECK(virAuditOpenConfig("/nonexistent/libvirtd.conf") == 0 || errno != 0);
    CHECK(virAuditOpenFile(path) == 0);
    virAuditSetLogFunc(ignore, NULL);
    virAuditLog(true);
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 100) == 0);
    CHECK(virAuditDomainDisk(dom, NULL, text, "attach", true) == 0);
    CHECK(virAuditFlush(10000) == 0);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditDomainCgroupPath(dom, "/c", "allow", "/dev/null", "rw", 0) == 0);
    if (described != NULL)
        CHECK(virAuditDomainStart(described, "booted", true) == 0);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm text=%s", text);
    virAuditBatchBegin();
    CHECK(virAuditDomainDisk(dom, NULL, text, "attach", true) == 0);
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditMockExpect(0, NULL, fields) == -1);
    CHECK(virAuditMockRecord(0) != NULL);
    free(virAuditEncode("key", text));
    virAuditDomainFree(described);
    virAuditDomainFree(dom);
    virAuditClose();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_attr_t small;
    pthread_t thread;
    const long least = sysconf(_SC_THREAD_STACK_MIN);
    char path[4096];

    CHECK(argc > 1);
    snprintf(path, sizeof path, "%s/stack.log", argv[1]);
    CHECK(pthread_attr_init(&small) == 0);
    CHECK(pthread_attr_setstacksize(&small, least > 64 << 10 ? (size_t)least : 64 << 10) == 0);
    CHECK(pthread_create(&thread, &small, each_group, path) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
