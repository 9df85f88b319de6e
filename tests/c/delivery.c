/* Batches, the queue, and how both end. Takes a directory that it may write to. */

#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

#define SEND(n) VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm n=%d", n)

static virAuditStats stats(void)
{
    virAuditStats now;

    memset(&now, 0, sizeof now);
    CHECK(virAuditGetStats(&now, sizeof now) == 0);
    CHECK(now.offered == now.delivered + now.failed + now.dropped + now.queued);
    return now;
}

static void check_numbers(int first, int count)
{
    int i;

    CHECK(virAuditMockCount() == (size_t)count);
    for (i = 0; i < count; i++)
        CHECK(atoi(virAuditMockField(i, "n")) == first + i);
    virAuditMockClear();
}

static void batches(virAuditDomain *dom)
{
    CHECK(virAuditOpenMock() == 0);
    CHECK_FAILS(virAuditBatchEnd(), -1, EINVAL, "no batch is open in this thread");

    virAuditBatchBegin();
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditMockCount() == 0);

    virAuditBatchBegin();
    SEND(0);
    virAuditBatchBegin();
    SEND(1);
    CHECK(virAuditBatchEnd() == 0);
    SEND(2);
    CHECK(virAuditMockCount() == 0);
    CHECK(stats().offered == 3 && stats().queued == 3);
    CHECK(virAuditBatchEnd() == 0);
    CHECK(stats().delivered == 3);
    check_numbers(0, 3);

    /* The functions for each resource too. */
    virAuditBatchBegin();
    CHECK(virAuditDomainMemory(dom, 1, 2, "update", true) == 0);
    CHECK(virAuditDomainStart(dom, "booted", true) == 0);
    CHECK(virAuditMockCount() == 0);
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditMockCount() == 2);
    virAuditMockClear();

    /* What fails is told at the end. */
    virAuditMockFail(EPERM);
    virAuditBatchBegin();
    SEND(0);
    SEND(1);
    errno = 0;
    CHECK(virAuditBatchEnd() == -1 && errno == EPERM);
    virAuditMockFail(0);
    CHECK(stats().failed == 2 && stats().last_errno == EPERM);

    /* More than a batch holds goes out before the end, and in order. */
    {
        enum { MANY = 20000 };
        int i;

        virAuditBatchBegin();
        for (i = 0; i < MANY; i++)
            SEND(i);
        CHECK(virAuditMockCount() > 0 && virAuditMockCount() < MANY);
        CHECK(virAuditBatchEnd() == 0);
        check_numbers(0, MANY);
    }

    /* What was sent while another thing was open goes there. */
    virAuditBatchBegin();
    SEND(0);
    CHECK(virAuditOpenMock() == 0);
    SEND(1);
    CHECK(virAuditBatchEnd() == 0);
    check_numbers(1, 1);

    /* Also when it is closed by then. */
    virAuditBatchBegin();
    SEND(0);
    virAuditClose();
    SEND(1);
    CHECK(virAuditBatchEnd() == 0);
    check_numbers(0, 1);
}

static void *begins_and_ends(void *unused)
{
    virAuditBatchBegin();
    SEND(0);
    SEND(1);
    return unused;
}

static void threads(void)
{
    pthread_t thread;

    CHECK(virAuditOpenMock() == 0);
    virAuditBatchBegin();
    CHECK(pthread_create(&thread, NULL, begins_and_ends, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    /* Its batch is its own, and sent although it never ended it. */
    check_numbers(0, 2);
    CHECK(virAuditBatchEnd() == 0);
}

static void logs_and_sends(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                           const char *function, const char *message)
{
    static int depth;

    (void)opaque;
    (void)level;
    (void)file;
    (void)line;
    (void)function;
    (void)message;
    if (depth++ == 0)
        SEND(100);
    depth--;
}

static void callback(void)
{
    CHECK(virAuditOpenMock() == 0);
    virAuditSetLogFunc(logs_and_sends, NULL);
    virAuditLog(true);
    virAuditBatchBegin();
    SEND(0);
    CHECK(virAuditBatchEnd() == 0);
    virAuditLog(false);
    virAuditSetLogFunc(NULL, NULL);
    CHECK(virAuditMockCount() == 2);
    CHECK_TEXT(virAuditMockField(0, "n"), "100");
    CHECK_TEXT(virAuditMockField(1, "n"), "0");
}

/* In a child that neither closes nor flushes, but ends with exit. */
static int lines_after_exit(const char *path)
{
    int status, count = 0, c;
    FILE *file;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        int i;

        CHECK(virAuditOpenFile(path) == 0);
        for (i = 0; i < 100; i++)
            SEND(i);
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while ((c = getc(file)) != EOF)
        count += c == '\n';
    fclose(file);
    return count;
}

static void forks(void)
{
    int status;
    pid_t child;

    CHECK(virAuditOpenMock() == 0);
    virAuditBatchBegin();
    SEND(0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        SEND(7);
        CHECK(virAuditBatchEnd() == 0);
        check_numbers(7, 1); /* and not the parent's */
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(virAuditBatchEnd() == 0);
    check_numbers(0, 1);
}

static void queue(const char *dir)
{
    char path[4096];
    int i;

    CHECK_FAILS(virAuditSetDelivery((virAuditDelivery)2, 0), -1, EINVAL,
                "how is neither VIR_AUDIT_DIRECT nor VIR_AUDIT_QUEUED");
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 100000) == 0);
    CHECK(virAuditOpenMock() == 0);
    for (i = 0; i < 1000; i++)
        SEND(i);
    CHECK(virAuditFlush(60000) == 0);
    CHECK(stats().delivered == 1000);
    check_numbers(0, 1000);
    virAuditBatchBegin();
    for (i = 0; i < 10; i++)
        SEND(i);
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
    check_numbers(0, 10);
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 0) == 0);
    SEND(0);
    virAuditClose();
    check_numbers(0, 1);
    CHECK(virAuditFlush(0) == 0);

    snprintf(path, sizeof path, "%s/exit.log", dir);
    remove(path);
    CHECK(lines_after_exit(path) == 100);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
}

int main(int argc, char **argv)
{
    virAuditDomain *dom = web1();

    CHECK(argc > 1);
    batches(dom);
    threads();
    callback();
    forks();
    queue(argv[1]);
    virAuditClose();
    virAuditDomainFree(dom);
    return 0;
}
