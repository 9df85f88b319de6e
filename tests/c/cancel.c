/* A thread may be cancelled at any moment. The call that it is in ends first: no record is cut, and the
 * counts are exact. */

#include "check.h"

#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static virAuditDomain *dom;
static atomic_ulong begun, ended;
static atomic_bool started, logging, asked, logged;

/* A cancellation point in the middle of a call; the cancellation is asked for in between. */
static void log_slowly(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                       const char *function, const char *message)
{
    static const struct timespec moment = {0, 1000 * 1000};

    (void)opaque, (void)level, (void)file, (void)line, (void)function, (void)message;
    logging = true;
    while (!asked)
        nanosleep(&moment, NULL);
    pthread_testcancel();
    logged = true;
}

static void *in_the_log_function(void *type)
{
    int old;

    CHECK(pthread_setcanceltype(*(int *)type, &old) == 0);
    virAuditDomainStop(dom, "shutdown");
    if (*(int *)type == PTHREAD_CANCEL_DEFERRED)
        pthread_testcancel();
    CHECK(!"the pending cancellation acts after the call");
    return NULL;
}

/* All groups of functions. Only the sends are counted: the calls that report a record. */
static void *sender(void *type)
{
    char text[12000];
    int old;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK(pthread_setcanceltype(*(int *)type, &old) == 0);
    started = true;
    for (;;) {
        begun += 5;
        virAuditDomainDisk(dom, NULL, "/a", "attach", true);
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "a=%s", "b");
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "a=%s", text);
        virAuditBatchBegin();
        virAuditDomainDisk(dom, NULL, "/b", "attach", true);
        virAuditDomainStop(dom, "shutdown");
        virAuditBatchEnd();
        virAuditLastError();
        virAuditDomainDisk(NULL, NULL, "/b", "attach", true);
        ended += 5;
        if (*(int *)type == PTHREAD_CANCEL_DEFERRED)
            pthread_testcancel();
    }
    return NULL;
}

/* A whole line for each record that the counts have. */
static size_t whole_lines(const char *path)
{
    static char line[32768];
    FILE *file = fopen(path, "r");
    size_t lines = 0;

    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        CHECK(strncmp(line, "type=VIRT_", 10) == 0);
        CHECK(strstr(line, "res=success") != NULL && line[strlen(line) - 1] == '\n');
        lines++;
    }
    fclose(file);
    return lines;
}

static void cancelled(int type, int rounds, const char *path)
{
    virAuditStats before, stats;
    unsigned long long offered;
    int i;

    unlink(path);
    CHECK(virAuditOpenFile(path) == 0);
    CHECK(virAuditGetStats(&before, sizeof before) == 0);
    begun = ended = 0;
    for (i = 0; i < rounds; i++) {
        struct timespec moment = {0, (i % 50) * 20 * 1000};
        pthread_t thread;
        void *result;

        started = false;
        CHECK(pthread_create(&thread, NULL, sender, &type) == 0);
        while (!started)
            ;
        nanosleep(&moment, NULL);
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, &result) == 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    offered = stats.offered - before.offered;
    CHECK(stats.delivered - before.delivered == offered);
    CHECK(offered >= ended && offered <= begun);
    CHECK(type == PTHREAD_CANCEL_ASYNCHRONOUS || offered == ended);
    CHECK(whole_lines(path) == offered);
    /* What the threads may have held is free. */
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    virAuditClose();
}

static void cancelled_in_the_log_function(int type)
{
    pthread_t thread;
    void *result;

    logging = asked = logged = false;
    CHECK(virAuditOpenMock() == 0);
    virAuditSetLogFunc(log_slowly, NULL);
    virAuditLog(true);
    CHECK(pthread_create(&thread, NULL, in_the_log_function, &type) == 0);
    while (!logging)
        ;
    CHECK(pthread_cancel(thread) == 0);
    asked = true;
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(logged && virAuditMockCount() == 1);
    virAuditLog(false);
    virAuditClose();
}

/* An older glibc's signal of an asynchronous cancellation that is under way ends a thread which has
 * disabled cancellation meanwhile. */
static bool asynchronous_cancellation_works(void)
{
    int major, minor;

    CHECK(sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor) == 2);
    return major > 2 || minor >= 41;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 200;
    char path[4096];

    alarm(300);
    CHECK(argc > 1);
    snprintf(path, sizeof path, "%s/cancel.log", argv[1]);
    dom = web1();
    cancelled_in_the_log_function(PTHREAD_CANCEL_DEFERRED);
    cancelled_in_the_log_function(PTHREAD_CANCEL_ASYNCHRONOUS);
    cancelled(PTHREAD_CANCEL_DEFERRED, rounds, path);
    if (asynchronous_cancellation_works())
        cancelled(PTHREAD_CANCEL_ASYNCHRONOUS, rounds, path);
    virAuditDomainFree(dom);
    return 0;
}
