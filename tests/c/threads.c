/* Many threads send while another opens and closes; then they send to one mock, all counted. */

#include "check.h"

#include <pthread.h>

enum { THREADS = 8 };

static virAuditDomain *dom;
static long records;

static void *sender(void *unused)
{
    long i;

    (void)unused;
    for (i = 0; i < records; i++) {
        virAuditStats stats;
        char path[40];

        snprintf(path, sizeof path, "/images/%ld", i);
        CHECK(virAuditDomainDisk(dom, NULL, path, "attach", true) == 0);
        VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "virt=kvm n=%ld", i);
        CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
        CHECK(stats.offered >= stats.delivered + stats.failed);
        CHECK(virAuditDomainStart(NULL, "booted", true) == -1 && errno == EINVAL);
        CHECK_TEXT(virAuditLastError(), "dom must not be NULL");
    }
    return NULL;
}

static void ignore(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                   const char *function, const char *message)
{
    (void)opaque, (void)level, (void)file, (void)line, (void)function;
    CHECK(message[0] != '\0');
}

static void start(pthread_t *threads)
{
    int i;

    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, NULL) == 0);
}

static void finish(pthread_t *threads)
{
    int i;

    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    virAuditStats stats;
    long i;

    records = argc > 2 ? atol(argv[2]) : 1000;
    alarm(300);
    dom = web1();
    virAuditSetLogFunc(ignore, NULL);
    start(threads);
    for (i = 0; i < records; i++) {
        CHECK(virAuditOpenMock() == 0);
        virAuditLog(i % 2 == 0);
        virAuditDomainSetPid(dom, i);
        if (i % 3 == 0)
            virAuditClose();
        if (i % 5 == 0)
            CHECK(virAuditOpen(0) == 0);
        virAuditSetLogFunc(i % 2 == 0 ? ignore : NULL, NULL);
    }
    finish(threads);

    virAuditLog(false);
    CHECK(virAuditOpenMock() == 0);
    start(threads);
    finish(threads);
    CHECK(virAuditMockCount() == (size_t)(2 * THREADS * records));
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.offered == virAuditMockCount() && stats.delivered == stats.offered);
    virAuditDomainFree(dom);
    return 0;
}
