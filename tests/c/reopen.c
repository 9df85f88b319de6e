/* Records that are sent while another thread opens destinations anew: each call that succeeds has left
 * its record in a file and in the counts. */

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, FILES = 3 };

static virAuditDomain *dom;
static const char *directory;
static long records;
static atomic_long sent;
static atomic_int running;

static const char *file_path(int i)
{
    static char path[FILES][4096];

    snprintf(path[i], sizeof path[i], "%s/reopen%d.log", directory, i);
    return path[i];
}

static unsigned long long lines(void)
{
    unsigned long long count = 0;
    int i, c;

    for (i = 0; i < FILES; i++) {
        FILE *file = fopen(file_path(i), "r");

        CHECK(file != NULL);
        while ((c = getc(file)) != EOF)
            count += c == '\n';
        fclose(file);
    }
    return count;
}

static void *sender(void *batches)
{
    long i;

    for (i = 0; i < records; i++) {
        if (batches != NULL && i % 7 == 0)
            virAuditBatchBegin();
        CHECK(virAuditDomainDisk(dom, NULL, "/images/a", "attach", true) == 0);
        sent++;
        if (batches != NULL && i % 7 == 6)
            CHECK(virAuditBatchEnd() == 0);
    }
    if (batches != NULL && i % 7 != 0)
        CHECK(virAuditBatchEnd() == 0);
    running--;
    return NULL;
}

/* All openings so far are one run of counts. */
static void check_counts(void)
{
    virAuditStats stats;

    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    if (stats.delivered != lines() || stats.offered != (unsigned long long)sent)
        fprintf(stderr, "%ld sent, %llu offered, %llu delivered, %llu lines\n", (long)sent,
                stats.offered, stats.delivered, lines());
    CHECK(stats.offered == (unsigned long long)sent && stats.delivered == stats.offered);
    CHECK(stats.failed == 0 && stats.dropped == 0 && stats.queued == 0);
    CHECK(lines() == stats.delivered);
}

static void round_of(virAuditDelivery delivery, bool batches)
{
    pthread_t threads[THREADS];
    unsigned i;

    CHECK(virAuditSetDelivery(delivery, 1000000) == 0);
    running = THREADS;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, batches ? &threads : NULL) == 0);
    for (i = 0; running > 0; i++) {
        CHECK(virAuditOpenFile(file_path(i % FILES)) == 0);
        usleep(200);
    }
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(virAuditFlush(10000) == 0);
    check_counts();
}

int main(int argc, char **argv)
{
    virAuditStats stats;
    int i;

    CHECK(argc >= 2);
    directory = argv[1];
    records = argc > 2 ? atol(argv[2]) : 4000;
    alarm(300);
    dom = web1();
    for (i = 0; i < FILES; i++) {
        unlink(file_path(i));
        CHECK(virAuditOpenFile(file_path(i)) == 0);
    }
    round_of(VIR_AUDIT_DIRECT, false);
    round_of(VIR_AUDIT_DIRECT, true);
    round_of(VIR_AUDIT_QUEUED, false);
    round_of(VIR_AUDIT_QUEUED, true);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);

    /* A batch goes to the destination that its records were made for. */
    virAuditBatchBegin();
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    sent++;
    CHECK(virAuditOpenFile(file_path(1)) == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.queued == 1);
    CHECK(virAuditBatchEnd() == 0);
    check_counts();

    /* Level 0 keeps the counts; a mock has its own. */
    CHECK(virAuditOpen(0) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    check_counts();
    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0 && stats.offered == 1);
    CHECK(virAuditOpenFile(file_path(2)) == 0);
    check_counts();
    virAuditClose();
    check_counts();
    virAuditDomainFree(dom);
    return 0;
}
