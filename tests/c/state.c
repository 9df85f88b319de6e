/* Opening, closing, logging, counting and failing. Takes a directory that it may write to. */

#include "check.h"

struct line {
    virAuditLogLevel level;
    size_t line;
    char file[100], function[100], message[1000];
};

static struct line lines[100];
static size_t count;

static void take(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                 const char *function, const char *message)
{
    struct line *to = &lines[count++];

    CHECK(opaque == &count);
    to->level = level;
    to->line = line;
    snprintf(to->file, sizeof to->file, "%s", file);
    snprintf(to->function, sizeof to->function, "%s", function);
    snprintf(to->message, sizeof to->message, "%s", message);
    /* It may call the library. */
    virAuditLastError();
    errno = EDOM;
}

#define SEND(success) VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, success, "virt=kvm n=%d", 1)

static void logging(virAuditDomain *dom)
{
    size_t here;

    virAuditSetLogFunc(take, &count);
    SEND(true);
    CHECK(virAuditDomainDisk(dom, NULL, "/a", "attach", true) == 0);
    CHECK(count == 0);

    /* Before anything is open. */
    virAuditLog(true);
    here = __LINE__ + 1;
    SEND(true);
    CHECK(count == 1);
    CHECK(lines[0].level == VIR_AUDIT_LOG_INFO);
    CHECK(lines[0].line == here);
    CHECK_TEXT(lines[0].file, __FILE__);
    CHECK_TEXT(lines[0].function, "logging");
    CHECK_TEXT(lines[0].message, "success=yes virt=kvm n=1");
    errno = ERANGE;
    SEND(false);
    CHECK(errno == ERANGE);
    CHECK(count == 2 && lines[1].level == VIR_AUDIT_LOG_WARNING);
    CHECK_TEXT(lines[1].message, "success=no virt=kvm n=1");

    /* Opening keeps it, at every level. */
    CHECK(virAuditOpen(0) == 0);
    SEND(true);
    CHECK(count == 3);
    CHECK(virAuditOpenMock() == 0);
    errno = ERANGE;
    CHECK(virAuditDomainDisk(dom, NULL, "/a", "attach", true) == 0);
    CHECK(errno == ERANGE);
    CHECK(count == 4 && virAuditMockCount() == 1);
    CHECK(lines[3].line == 0);
    CHECK_TEXT(lines[3].file, "");
    CHECK_TEXT(lines[3].function, "virAuditDomainDisk");
    CHECK_TEXT(lines[3].message, "success=yes virt=kvm resrc=disk reason=attach vm=\"web1\" "
                                 "uuid=" UUID_TEXT " old-disk=\"?\" new-disk=\"/a\"");
    /* So does closing, and it can be turned off. */
    virAuditClose();
    SEND(true);
    CHECK(count == 5 && virAuditMockCount() == 1);
    virAuditLog(false);
    SEND(true);
    CHECK(count == 5);
}

static void failing(virAuditDomain *dom)
{
    virAuditStats stats;

    count = 0;
    CHECK(virAuditOpenMock() == 0);
    virAuditMockFail(EPERM);
    CHECK_FAILS(virAuditDomainStop(dom, "shutdown"), -1, EPERM,
                "this process may not write audit records (no CAP_AUDIT_WRITE); "
                "run as root, or grant CAP_AUDIT_WRITE");
    CHECK(virAuditDomainStop(dom, "shutdown") == -1);
    errno = ERANGE;
    SEND(true);
    CHECK(errno == ERANGE);
    CHECK(virAuditMockCount() == 0);
    virAuditMockFail(ECONNREFUSED);
    CHECK(virAuditDomainStop(dom, "shutdown") == -1 && errno == ECONNREFUSED);
    virAuditMockFail(0);
    errno = ERANGE;
    CHECK(virAuditDomainStop(dom, "shutdown") == 0 && errno == ERANGE);
    SEND(true);
    /* One line for each change: EPERM, ECONNREFUSED, through again. */
    CHECK(count == 3);

    memset(&stats, 0xEE, sizeof stats);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.offered == 6 && stats.delivered == 2 && stats.failed == 4);
    CHECK(stats.dropped == 0 && stats.truncated == 0 && stats.queued == 0);
    CHECK(stats.last_errno == ECONNREFUSED);
    CHECK(stats.longest_us < 60000000);

    /* A caller with an older, smaller struct, and one with a newer, larger. */
    memset(&stats, 0xEE, sizeof stats);
    CHECK(virAuditGetStats(&stats, sizeof stats.offered) == 0);
    CHECK(stats.offered == 6 && stats.delivered == 0xEEEEEEEEEEEEEEEEULL);
    CHECK(virAuditGetStats(&stats, 0) == 0);
    {
        struct {
            virAuditStats known;
            unsigned long long later;
        } newer;

        newer.later = 7;
        CHECK(virAuditGetStats(&newer.known, sizeof newer) == 0);
        CHECK(newer.known.offered == 6 && newer.later == 7);
    }
    CHECK_FAILS(virAuditGetStats(NULL, sizeof stats), -1, EINVAL, "stats must not be NULL");

    /* Closing keeps the counts; another mock has its own. */
    virAuditClose();
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.offered == 6);
    CHECK(virAuditOpenMock() == 0 && virAuditMockCount() == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.offered == 0);
    virAuditSetLogFunc(NULL, NULL);
}

static void mocking(virAuditDomain *dom)
{
    const char *first;

    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditDomainDisk(dom, NULL, "/a b", "attach", true) == 0);
    CHECK(virAuditDomainShmem(dom, "x y", 1, "attach", true) == 0);
    CHECK(virAuditDomainDisk(dom, "/a b", NULL, "detach", false) == 0);
    first = virAuditMockRecord(0);
    CHECK(first == virAuditMockRecord(0));
    CHECK_TEXT(virAuditMockField(0, "new-disk"), "/a b");
    CHECK_TEXT(virAuditMockField(1, "path"), "/dev/shm/x y");
    CHECK_TEXT(virAuditMockField(2, "res"), "failed");
    CHECK(virAuditMockFind("new-disk", "/a b", 0) == 0);
    CHECK(virAuditMockFind("resrc", "disk", 1) == 2);
    CHECK(virAuditMockFind("vm", "web1", 2) == 2);
    CHECK_FAILS(virAuditMockFind("vm", "web1", 3), -1, ENOENT, "no record with that field");
    CHECK_FAILS(virAuditMockFind("vm", "web2", 0), -1, ENOENT, "no record with that field");
    CHECK_FAILS(virAuditMockFind("\xff", "", (size_t)-1), -1, ENOENT, "no record with that field");
    CHECK_FAILS(virAuditMockRecord(3), NULL, ENOENT, "no such record");
    CHECK_FAILS(virAuditMockField(0, "path"), NULL, ENOENT,
                "no such record, or no such field in it");
    CHECK_FAILS(virAuditMockField((size_t)-1, "vm"), NULL, ENOENT,
                "no such record, or no such field in it");
    CHECK(strncmp(first, "VIRT_RESOURCE virt=kvm resrc=disk ", 34) == 0);
    virAuditMockClear();
    CHECK(virAuditMockCount() == 0);
    /* Opening twice: the second one counts. */
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditMockCount() == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditMockCount() == 1);
}

static void files(virAuditDomain *dom, const char *directory)
{
    char path[4096], line[10000];
    FILE *file;
    int n;

    snprintf(path, sizeof path, "%s/audit.log", directory);
    remove(path);
    CHECK(virAuditOpenFile(path) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    SEND(true);
    virAuditClose();
    SEND(true);
    file = fopen(path, "r");
    CHECK(file != NULL);
    for (n = 0; fgets(line, sizeof line, file) != NULL; n++)
        CHECK(strncmp(line, "type=VIRT_CONTROL msg=audit(", 28) == 0);
    fclose(file);
    CHECK(n == 2);

    /* What was open stays when another can't be opened. */
    CHECK(virAuditOpenMock() == 0);
    snprintf(path, sizeof path, "%s/none/audit.log", directory);
    errno = 0;
    CHECK(virAuditOpenFile(path) == -1);
    CHECK(errno == ENOENT);
    CHECK(strstr(virAuditLastError(), path) != NULL);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditMockCount() == 1);
}

static void write_config(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void configs(const char *directory)
{
    char path[4096], expected[5000];

    snprintf(path, sizeof path, "%s/libvirtd.conf", directory);
    count = 0;
    virAuditSetLogFunc(take, &count);

    /* Level 0 closes what was open. */
    CHECK(virAuditOpenMock() == 0);
    write_config(path, "audit_level = 0\naudit_logging = 1\n");
    CHECK(virAuditOpenConfig(path) == 0);
    SEND(true);
    CHECK(count == 1 && virAuditMockCount() == 0);
    write_config(path, "audit_level = 0\n");
    CHECK(virAuditOpenConfig(path) == 0);
    SEND(true);
    CHECK(count == 1);

    /* A bad file changes nothing. */
    CHECK(virAuditOpenMock() == 0);
    write_config(path, "# auditing\naudit_level = '2'\n");
    errno = 0;
    CHECK(virAuditOpenConfig(path) == -1);
    CHECK(errno == EINVAL);
    snprintf(expected, sizeof expected, "%s:2:", path);
    CHECK(strncmp(virAuditLastError(), expected, strlen(expected)) == 0);
    SEND(true);
    CHECK(virAuditMockCount() == 1);
    virAuditSetLogFunc(NULL, NULL);
}

int main(int argc, char **argv)
{
    virAuditDomain *dom = web1();
    char version[40];

    CHECK(argc == 2);
    CHECK_TEXT(virAuditLastError(), "");
    snprintf(version, sizeof version, "%d.%d.%d", VIRAUDIT_VERSION_MAJOR, VIRAUDIT_VERSION_MINOR,
             VIRAUDIT_VERSION_PATCH);
    CHECK_TEXT(virAuditVersion(), version);
    CHECK(virAuditMockCount() == 0);
    CHECK_FAILS(virAuditMockRecord(0), NULL, ENOENT,
                "there is no mock: call virAuditOpenMock or virAuditMockHost first");
    virAuditMockFail(EPERM);
    virAuditMockClear();
    logging(dom);
    failing(dom);
    mocking(dom);
    files(dom, argv[1]);
    configs(argv[1]);
    CHECK_FAILS(virAuditDomainTPM(dom, (virAuditTPMType)3, NULL, "start", true), -1, EINVAL,
                "type is not a valid virAuditTPMType");
    virAuditDomainFree(dom);
    virAuditClose();
    virAuditClose();
    return 0;
}
