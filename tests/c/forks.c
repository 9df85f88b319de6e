/* A child that is forked while other threads are in the middle of a call goes on by itself. */

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 4 };

static virAuditDomain *dom;
static atomic_bool stop;

static void ignore(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                   const char *function, const char *message)
{
    (void)opaque, (void)level, (void)file, (void)line, (void)function, (void)message;
}

static void *sender(void *unused)
{
    (void)unused;
    while (!stop) {
        CHECK(virAuditDomainDisk(dom, NULL, "/a", "attach", true) == 0);
        virAuditMockRecord(0);
        virAuditMockClear();
    }
    return NULL;
}

static void *opener(void *unused)
{
    (void)unused;
    while (!stop) {
        virAuditSetLogFunc(ignore, NULL);
        CHECK(virAuditOpenMock() == 0);
    }
    return NULL;
}

static void child(void)
{
    virAuditStats stats;

    alarm(20);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "virt=kvm");
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.offered == 2 && stats.delivered == 2);
    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditMockCount() == 1);
    virAuditMockRecord(0);
    virAuditClose();
    _exit(0);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS + 1];
    int forks = argc > 2 ? atoi(argv[2]) : 200;
    int i;

    alarm(300);
    dom = web1();
    virAuditLog(true);
    virAuditSetLogFunc(ignore, NULL);
    CHECK(virAuditOpenMock() == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, NULL) == 0);
    CHECK(pthread_create(&threads[i], NULL, opener, NULL) == 0);
    for (i = 0; i < forks; i++) {
        pid_t pid = fork();
        int status;

        CHECK(pid >= 0);
        if (pid == 0)
            child();
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    stop = true;
    for (i = 0; i < THREADS + 1; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    virAuditDomainFree(dom);
    return 0;
}
