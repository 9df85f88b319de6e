/* The process has only so much memory left, as with RLIMIT_AS. Whatever the amount is, calls succeed or fail
 * with ENOMEM, and no record vanishes.
 *
 *     little_memory DIRECTORY */

#include "check.h"

#include <malloc.h>
#include <stdatomic.h>

static atomic_llong left = 1LL << 40;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *block);

static bool fits(size_t size)
{
    if (atomic_fetch_sub(&left, (long long)size) >= (long long)size)
        return true;
    left += (long long)size;
    return false;
}

static void *taken(void *block, size_t size)
{
    left += (long long)size - (long long)malloc_usable_size(block);
    return block;
}

void *malloc(size_t size)
{
    return fits(size) ? taken(__libc_malloc(size), size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return fits(count * size) ? taken(__libc_calloc(count, size), count * size) : NULL;
}

void *realloc(void *old, size_t size)
{
    const size_t before = malloc_usable_size(old);
    void *block;

    if (!fits(size))
        return NULL;
    block = __libc_realloc(old, size);
    left += (long long)before;
    return taken(block, size);
}

void free(void *block)
{
    left += (long long)malloc_usable_size(block);
    __libc_free(block);
}

/* Runs `call` with so many bytes left. */
static int with(long long bytes, int (*call)(void))
{
    const long long before = atomic_exchange(&left, bytes);
    int result, error;

    errno = 0;
    result = call();
    error = errno;
    left += before - bytes;
    errno = error;
    return result;
}

static char path[4096];
static virAuditDomain *dom;

static int open_file(void)
{
    return virAuditOpenFile(path);
}

static int open_kernel(void)
{
    /* Without privileges, or without audit support, it fails for another reason. */
    return virAuditOpen(1) == 0 || errno != ENOMEM ? 0 : -1;
}

static int open_config(void)
{
    return virAuditOpenConfig(path) == 0 || errno != ENOMEM ? 0 : -1;
}

static int parse(const char *part)
{
    static char xml[40000];
    virAuditDomain *def;
    int at, i;

    at = snprintf(xml, sizeof xml,
                  "<domain type='kvm'><name>a</name><uuid>" UUID_TEXT "</uuid>"
                  "<memory>1</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>");
    for (i = 0; i < 60; i++)
        at += snprintf(xml + at, sizeof xml - (size_t)at, part, i, 'a' + i / 26, 'a' + i % 26);
    snprintf(xml + at, sizeof xml - (size_t)at, "</devices></domain>");
    def = virAuditDomainNewXML(xml);
    virAuditDomainFree(def);
    return def == NULL ? -1 : 0;
}

static int read_disks(void)
{
    return parse("<disk type='file'><source file='/%d'/><target dev='sd%c%c'/></disk>");
}

/* The shortest elements, attributes and texts. */
static int read_dense(void)
{
    return parse("<a/><b><c/>%d</b><a b='%c%c' c='' d='' e=''/>"
                 "<a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/>");
}

/* Fails with ENOMEM below some amount, and succeeds from there on. */
static void fails_below(const char *what, int (*call)(void))
{
    long long bytes, enough = -1;

    for (bytes = 0; bytes < 3 << 20; bytes += bytes < 400000 ? 256 : 65536) {
        if (with(bytes, call) == 0) {
            if (enough < 0)
                enough = bytes;
        } else {
            CHECK(errno == ENOMEM && enough < 0);
            CHECK(strstr(virAuditLastError(), "Cannot allocate memory") != NULL);
        }
    }
    CHECK(enough > 0);
    fprintf(stderr, "%s: %lld bytes\n", what, enough);
}

/* Records in every way, of which none may fail but in the mock. */
static int send_all(void)
{
    static char text[8000];
    int failed = 0, i;

    memset(text, 'x', sizeof text - 1);
    failed |= virAuditDomainDisk(dom, NULL, "/direct", "attach", true);
    virAuditBatchBegin();
    for (i = 0; i < 3; i++)
        failed |= virAuditDomainDisk(dom, NULL, "/batch", "attach", true);
    failed |= virAuditDomainDisk(dom, NULL, text, "attach", true);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm resrc=%s", text);
    failed |= virAuditBatchEnd();
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 100) == 0);
    for (i = 0; i < 3; i++)
        failed |= virAuditDomainDisk(dom, NULL, "/queued", "attach", true);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
    return failed;
}

enum { SENT = 9 };

/* The paths in the file, in order. */
static void check_file(void)
{
    static const char *const paths[SENT] = {"\"/direct\"", "\"/batch\"", "\"/batch\"", "\"/batch\"", "\"x",
                                            "resrc=x",     "\"/queued\"", "\"/queued\"", "\"/queued\""};
    static char line[10000];
    FILE *file = fopen(path, "r");
    int i;

    CHECK(file != NULL);
    for (i = 0; i < SENT; i++)
        CHECK(fgets(line, sizeof line, file) != NULL && strstr(line, paths[i]) != NULL);
    CHECK(fgets(line, sizeof line, file) == NULL);
    CHECK(fclose(file) == 0);
}

static int open_mock(void)
{
    return virAuditOpenMock();
}

int main(int argc, char **argv)
{
    virAuditStats stats;
    long long bytes;

    CHECK(argc == 2);
    dom = web1();
    snprintf(path, sizeof path, "%s/little.conf", argv[1]);
    fclose(fopen(path, "w"));
    /* What the first call of all sets up for its thread. */
    CHECK(virAuditOpenMock() == 0);
    virAuditBatchBegin();
    CHECK(virAuditBatchEnd() == 0);
    fails_below("virAuditOpenConfig", open_config);
    fails_below("virAuditOpen", open_kernel);
    fails_below("virAuditOpenMock", open_mock);
    fails_below("virAuditDomainNewXML, disks", read_disks);
    fails_below("virAuditDomainNewXML, dense", read_dense);
    snprintf(path, sizeof path, "%s/little.log", argv[1]);
    fails_below("virAuditOpenFile", open_file);

    /* Without memory, a batch or queue delivers each record at once. */
    for (bytes = 0; bytes < 300000; bytes += bytes < 20000 ? 500 : 20000) {
        virAuditClose();
        (void)!unlink(path);
        CHECK(virAuditOpenFile(path) == 0);
        CHECK(with(bytes, send_all) == 0);
        check_file();
    }

    /* The mock keeps its records, or fails. */
    for (bytes = 0; bytes < 100000; bytes += 250) {
        int result;

        CHECK(virAuditOpenMock() == 0);
        result = with(bytes, send_all);
        CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
        CHECK(stats.offered == SENT && stats.delivered + stats.failed == SENT);
        CHECK(virAuditMockCount() == stats.delivered);
        CHECK(stats.failed == 0 || stats.last_errno == ENOMEM);
        CHECK((result == 0) == (stats.failed == 0));
    }
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
