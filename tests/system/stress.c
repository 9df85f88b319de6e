/*
 * Load for the system tests: sends records through the C interface in ways that hurt, and prints
 * what became of them as `key value` lines.
 *
 *     stress threads THREADS RECORDS       RECORDS of each thread, /THREAD/NUMBER as paths
 *     stress paced RECORDS direct|queued   one caller, each call timed; then a flush of 2 minutes
 *     stress signals RECORDS               under a timer signal every 100 us, without SA_RESTART
 *     stress forks THREADS RECORDS         children fork off in the middle of the threads' traffic
 *     stress rights                        CAP_AUDIT_WRITE goes and comes back
 *     stress descriptors                   no file descriptor is left: at open, and in a child
 *     stress file PATH WRITER              appends to a file, bursts and single records, until killed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <viraudit.h>

#include "../c/timing.h"

static const unsigned char uuid[16] = {0x57, 0x2e, 0x55};
static virAuditDomain *dom;
static long records;

static void die(const char *what)
{
    fprintf(stderr, "%s: %s (%s)\n", what, strerror(errno), virAuditLastError());
    exit(1);
}

static int emit(const char *who, long i)
{
    char path[64];

    snprintf(path, sizeof path, "/%s/%ld", who, i);
    return virAuditDomainDisk(dom, NULL, path, "attach", true);
}

static void print_stats(const char *prefix)
{
    virAuditStats now = {0};

    if (virAuditGetStats(&now, sizeof now) < 0)
        die("virAuditGetStats");
    printf("%soffered %llu\n%sdelivered %llu\n%sfailed %llu\n%sdropped %llu\n%squeued %llu\n"
           "%slast_errno %d\n%slongest_us %llu\n",
           prefix, now.offered, prefix, now.delivered, prefix, now.failed, prefix, now.dropped,
           prefix, now.queued, prefix, now.last_errno, prefix, now.longest_us);
    fflush(stdout);
}

static void *traffic(void *number)
{
    char who[32];

    snprintf(who, sizeof who, "t%ld", (long)number);
    for (long i = 0; i < records; i++)
        emit(who, i);
    return NULL;
}

static pthread_t *start(long threads)
{
    pthread_t *all = calloc(threads, sizeof *all);

    for (long i = 0; i < threads; i++)
        if (all == NULL || pthread_create(&all[i], NULL, traffic, (void *)i) != 0)
            die("pthread_create");
    return all;
}

static void join(pthread_t *all, long threads)
{
    for (long i = 0; i < threads; i++)
        pthread_join(all[i], NULL);
    free(all);
}

static void paced(int queued)
{
    double *took = calloc(records, sizeof *took), began;

    if (took == NULL)
        die("calloc");
    if (queued && virAuditSetDelivery(VIR_AUDIT_QUEUED, records) < 0)
        die("virAuditSetDelivery");
    began = now_us();
    for (long i = 0; i < records; i++) {
        const double from = now_us();

        emit("p", i);
        took[i] = now_us() - from;
    }
    printf("offering_us %.0f\n", now_us() - began);
    qsort(took, records, sizeof *took, by_value);
    printf("p50_us %.1f\np99_us %.1f\nmax_us %.1f\n", took[records / 2], took[records * 99 / 100],
           took[records - 1]);
    fflush(stdout);
    printf("flushed %d\n", virAuditFlush(120000) == 0);
}

static volatile sig_atomic_t rings;

static void ring(int number)
{
    (void)number;
    rings++;
}

static void signals(void)
{
    struct sigaction action = {.sa_handler = ring};
    const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};

    if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &often, NULL) < 0)
        die("setitimer");
    for (long i = 0; i < records; i++)
        emit("s", i);
    setitimer(ITIMER_REAL, &never, NULL);
    printf("signals %d\n", (int)rings);
}

static void forks(long threads)
{
    enum { CHILDREN = 20, EACH = 10 };
    pthread_t *all = start(threads);
    int bad = 0;

    for (int child = 0; child < CHILDREN; child++) {
        const pid_t pid = fork();
        int status;

        if (pid < 0)
            die("fork");
        if (pid == 0) {
            char who[32];
            virAuditStats now = {0};

            alarm(60); /* a lock that nobody holds would be waited for */
            snprintf(who, sizeof who, "c%d", child);
            for (int i = 0; i < EACH; i++)
                emit(who, i);
            virAuditGetStats(&now, sizeof now);
            _exit(now.offered == EACH && now.delivered == EACH ? 0 : 1);
        }
        if (waitpid(pid, &status, 0) != pid || status != 0)
            bad++;
    }
    join(all, threads);
    printf("children %d\nbad_children %d\n", CHILDREN, bad);
}

static void allow(bool write)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];

    if (syscall(SYS_capget, &header, sets) < 0)
        die("capget");
    if (write)
        sets[0].effective |= 1u << CAP_AUDIT_WRITE;
    else
        sets[0].effective &= ~(1u << CAP_AUDIT_WRITE);
    if (syscall(SYS_capset, &header, sets) < 0)
        die("capset");
}

static void rights(void)
{
    printf("before %d\n", emit("r", 0));
    allow(false);
    printf("without %s\n", emit("refused", 0) == -1 && errno == EPERM ? "EPERM" : "delivered");
    allow(true);
    printf("after %d\n", emit("r", 1));
    virAuditBatchBegin();
    emit("r", 2);
    emit("r", 3);
    printf("batch %d\n", virAuditBatchEnd());
}

static void descriptors(void)
{
    const struct rlimit none = {3, 3};
    pid_t pid;
    int status;

    /* A child that forks with none left can't open its own socket; with some again, it can. */
    if (emit("d", 0) < 0)
        die("emit");
    pid = fork();
    if (pid == 0) {
        struct rlimit before, now;
        int failed;

        getrlimit(RLIMIT_NOFILE, &before);
        now = before;
        now.rlim_cur = none.rlim_cur;
        setrlimit(RLIMIT_NOFILE, &now);
        failed = emit("refused", 0) == -1 && errno == EMFILE;
        setrlimit(RLIMIT_NOFILE, &before);
        failed = failed && emit("d", 1) == 0;
        print_stats("child_");
        _exit(failed ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    printf("child_status %d\n", status);
    virAuditClose();
    setrlimit(RLIMIT_NOFILE, &none);
    printf("open_fails %d\n", virAuditOpen(1) == -1 && errno == EMFILE);
}

static void file(const char *path, const char *who)
{
    enum { BURST = 64 };
    long i = 0;

    if (virAuditOpenFile(path) < 0)
        die("virAuditOpenFile");
    for (;;) {
        virAuditBatchBegin();
        for (int left = BURST; left > 0; left--)
            emit(who, i++);
        if (virAuditBatchEnd() < 0 || emit(who, i++) < 0)
            die("a record");
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    dom = virAuditDomainNew("kvm", "stress", uuid);
    if (strcmp(mode, "file") == 0 && argc == 4)
        file(argv[2], argv[3]);
    if (virAuditOpen(1) < 0)
        die("virAuditOpen");
    if (strcmp(mode, "threads") == 0 && argc == 4) {
        records = atol(argv[3]);
        join(start(atol(argv[2])), atol(argv[2]));
    } else if (strcmp(mode, "paced") == 0 && argc == 4) {
        records = atol(argv[2]);
        paced(strcmp(argv[3], "queued") == 0);
    } else if (strcmp(mode, "signals") == 0 && argc == 3) {
        records = atol(argv[2]);
        signals();
    } else if (strcmp(mode, "forks") == 0 && argc == 4) {
        records = atol(argv[3]);
        forks(atol(argv[2]));
    } else if (strcmp(mode, "rights") == 0 && argc == 2) {
        rights();
    } else if (strcmp(mode, "descriptors") == 0 && argc == 2) {
        descriptors();
    } else {
        fprintf(stderr, "usage: see the source\n");
        return 2;
    }
    print_stats("");
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
