/* What a daemon's tests do with the mock. Takes a directory that it may write to. */

#include "check.h"

/* Another language's way: an array. The macro gives the same. */
static ssize_t expect(size_t from, const char *type, const char *field)
{
    const char *fields[] = {field, NULL};
    ssize_t found = virAuditMockExpect(from, type, fields);

    CHECK(found == VIR_AUDIT_MOCK_EXPECT(from, type, field));
    return found;
}

static void several_fields(virAuditDomain *dom)
{
    const char *const nothing[] = {NULL};
    char *long_path;

    CHECK(virAuditOpenMock() == 0);
    CHECK_FAILS(VIR_AUDIT_MOCK_EXPECT(0, NULL, "vm=web1"), -1, ENOENT, "no record was sent");
    CHECK(virAuditDomainDisk(dom, NULL, "/a b", "attach", true) == 0);
    CHECK(virAuditDomainMemory(dom, 1, 2, "update", true) == 0);
    CHECK(virAuditDomainDisk(dom, "/a b", NULL, "detach", false) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);

    errno = ERANGE;
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", "new-disk=/a b",
                                "res=success") == 0);
    CHECK(VIR_AUDIT_MOCK_EXPECT(1, "VIRT_RESOURCE", "resrc=disk") == 2);
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, NULL, "res=failed", "old-disk=/a b") == 2);
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, NULL, "vm=web1", "op=stop") == 3);
    CHECK(expect(0, NULL, "resrc=mem") == 1);
    CHECK(expect(2, "VIRT_CONTROL", "vm=web1") == 3);
    CHECK(virAuditMockExpect(0, "VIRT_CONTROL", nothing) == 3);
    CHECK(virAuditMockExpect(1, NULL, nothing) == 1);
    CHECK(errno == ERANGE);

    /* The nearest record, and the fields that differ, decoded. */
    errno = 0;
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", "reason=detach", "new-disk=/c",
                                "path=/x\"y") == -1);
    CHECK(errno == ENOENT);
    {
        char expected[1000];

        snprintf(expected, sizeof expected,
                 "the nearest record is number 2 of 4:\n"
                 "  its new-disk is \"?\", not \"/c\"\n"
                 "  its path is missing, not \"/x\\\"y\"\n"
                 "  %s", virAuditMockRecord(2));
        CHECK_TEXT(virAuditLastError(), expected);
    }
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, "VIRT_CREATE", "op=stop", "vm=web2") == -1);
    CHECK(strstr(virAuditLastError(), "number 3 of 4:\n"
                                      "  its type is VIRT_CONTROL, not VIRT_CREATE\n"
                                      "  its vm is \"web1\", not \"web2\"\n  VIRT_CONTROL "));
    CHECK(VIR_AUDIT_MOCK_EXPECT(1, NULL, "new-disk=/a b") == -1);
    CHECK(strstr(virAuditLastError(), "number 2 of 4:\n  its new-disk is \"?\", not \"/a b\"\n"));
    CHECK(VIR_AUDIT_MOCK_EXPECT(1, NULL, "path=/a") == -1);
    CHECK(strstr(virAuditLastError(), "number 1 of 4:\n  its path is missing, not \"/a\"\n"));
    CHECK_FAILS(expect(4, NULL, "vm=web1"), -1, ENOENT, "only 4 records were sent");
    CHECK_FAILS(expect((size_t)-1, NULL, "vm=web1"), -1, ENOENT, "only 4 records were sent");

    /* The message has its bounds; it keeps its start. */
    long_path = malloc(5000);
    CHECK(long_path != NULL);
    memset(long_path, 'x', 4999);
    long_path[4999] = '\0';
    CHECK(virAuditDomainDisk(dom, NULL, long_path, "attach", true) == 0);
    free(long_path);
    CHECK(VIR_AUDIT_MOCK_EXPECT(4, NULL, "reason=detach") == -1);
    CHECK(strncmp(virAuditLastError(), "the nearest record is number 4 of 5:\n", 37) == 0);

    CHECK_FAILS(expect(0, "VIRT_NONE", "vm=web1"), -1, EINVAL,
                "type is not the name of a record type");
    CHECK_FAILS(expect(0, NULL, "vm"), -1, EINVAL, "a field is not KEY=VALUE");
    CHECK_FAILS(expect(0, NULL, "\xff=a"), -1, EINVAL, "a field is not KEY=VALUE");
    CHECK_FAILS(virAuditMockExpect(0, NULL, NULL), -1, EINVAL, "fields must not be NULL");
}

/* A daemon's own code, which knows nothing of a mock. */
static int daemon_starts(const char *config)
{
    virAuditDomain *dom;

    if (virAuditOpenConfig(config) < 0 && virAuditRequired())
        return -1;
    dom = web1();
    virAuditDomainStart(dom, "booted", true);
    virAuditDomainFree(dom);
    return 0;
}

static void a_host(const char *directory)
{
    virAuditStats stats = {0};
    char path[4096];
    FILE *file;

    /* Level 2: whatever is refused, the daemon must not start, and what was open stays. */
    virAuditMockHost("audit_level = 2\n");
    CHECK(!virAuditRequired());
    CHECK(virAuditMockCount() == 0);
    CHECK(daemon_starts(NULL) == 0);
    CHECK(virAuditRequired());
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, "VIRT_CONTROL", "op=start", "vm=web1") == 0);
    virAuditMockFail(EPERM);
    CHECK_FAILS(daemon_starts(NULL), -1, EPERM,
                "this process may not write audit records (no CAP_AUDIT_WRITE); "
                "run as root, or grant CAP_AUDIT_WRITE");
    virAuditMockFail(ENOTCONN);
    CHECK_FAILS(daemon_starts(NULL), -1, ENOTCONN,
                "auditing is off on this host; turn it on with auditctl -e 1, or start auditd");
    virAuditMockFail(ECONNREFUSED);
    errno = 0;
    CHECK(virAuditOpen(2) == -1 && errno == ECONNREFUSED);
    virAuditMockFail(0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.offered == 1);
    /* Opening again keeps the records, as the kernel does. */
    CHECK(daemon_starts(NULL) == 0);
    CHECK(virAuditMockCount() == 2);

    /* Level 1: it starts where it may not write; not without audit support. */
    virAuditMockHost("");
    CHECK(virAuditMockCount() == 0);
    virAuditMockFail(EPERM);
    CHECK(daemon_starts(NULL) == 0);
    CHECK(virAuditMockCount() == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.failed == 1);
    virAuditMockFail(EPROTONOSUPPORT);
    errno = 0;
    CHECK(virAuditOpenConfig(NULL) == -1 && errno == EPROTONOSUPPORT);
    CHECK(!virAuditRequired());
    CHECK(daemon_starts(NULL) == 0);
    virAuditMockFail(0);

    /* A file that libvirt would reject, and one that the daemon names itself. */
    virAuditMockHost("audit_level = x\n");
    errno = 0;
    CHECK(daemon_starts(NULL) == -1 && errno == EINVAL);
    CHECK(strncmp(virAuditLastError(), "/etc/libvirt/libvirtd.conf:1: ", 30) == 0);
    snprintf(path, sizeof path, "%s/mock.conf", directory);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs("audit_level = 2\n", file);
    fclose(file);
    CHECK(daemon_starts(path) == 0);
    CHECK(virAuditMockCount() == 1);
    virAuditMockFail(EACCES);
    errno = 0;
    CHECK(daemon_starts(path) == -1 && errno == EACCES);

    /* Level 0 sends nothing, and nothing can fail. */
    virAuditMockHost("audit_level = 0\n");
    virAuditMockFail(EPERM);
    CHECK(daemon_starts(NULL) == 0);
    CHECK(!virAuditRequired());
    CHECK(virAuditMockCount() == 0);

    /* virAuditOpenMock starts another mock, which refuses nothing. */
    CHECK(virAuditOpenMock() == 0);
    CHECK(daemon_starts(path) == 0);
    CHECK(virAuditMockCount() == 1);

    /* The real host again: a mock gets no more records. */
    virAuditMockHost(NULL);
    (void)!virAuditOpen(1);
    CHECK(virAuditOpen(0) == 0);
    CHECK(virAuditMockCount() == 1);
}

int main(int argc, char **argv)
{
    virAuditDomain *dom = web1();

    CHECK(argc == 2);
    several_fields(dom);
    a_host(argv[1]);
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
