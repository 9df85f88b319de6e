/* A child that is made without fork handlers, by clone(2), fork(2) as a bare system call, or _Fork of
 * glibc 2.34, doesn't wait for a lock of its parent's threads either. */

#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { THREADS = 4 };

static virAuditDomain *dom;
static atomic_bool stop;
static atomic_int ready;

extern pid_t _Fork(void) __attribute__((__weak__));

static pid_t bare_fork(void)
{
#ifdef SYS_fork
    return (pid_t)syscall(SYS_fork);
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static pid_t bare_clone(void)
{
#ifdef __s390x__
    return (pid_t)syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

/* Each thread holds one of the library's locks nearly all the time. None allocates memory: malloc's
 * locks are not the library's. */
static void *sender(void *unused)
{
    (void)unused;
    ready++;
    while (!stop)
        CHECK(virAuditDomainDisk(dom, NULL, "/a", "attach", true) == 0);
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
    virAuditClose();
    _exit(0);
}

static void children(pid_t (*make)(void), int count)
{
    int i, status;

    for (i = 0; i < count; i++) {
        pid_t pid = make();

        CHECK(pid >= 0);
        if (pid == 0)
            child();
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int count = argc > 2 ? atoi(argv[2]) : 100;
    virAuditStats stats;
    int i;

    alarm(300);
    dom = web1();
    CHECK(virAuditOpenFile("/dev/null") == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, NULL) == 0);
    while (ready < THREADS)
        sched_yield();
    children(bare_fork, count);
    children(bare_clone, count);
    if (_Fork != NULL)
        children(_Fork, count);
    stop = true;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.delivered == stats.offered && stats.delivered > 0);
    virAuditDomainFree(dom);
    return 0;
}
