/* Random calls from several threads, while another opens destinations anew, changes the delivery, rotates
 * files, closes, forks and cancels threads. Whatever happens, the counts add up, and the files hold what was
 * delivered.
 *
 *     counting DIRECTORY [SECONDS]
 *
 * VIRAUDIT_SEED repeats a run's choices, if not its timing. With VIRAUDIT_COUNTING_KERNEL the kernel is
 * one of the destinations; then the number of records that it accepted is printed, for the caller to
 * compare. With VIRAUDIT_COUNTING_MOCK a mock that fails now and then is the only destination. */

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 4, FILES = 3 };

static virAuditDomain *dom;
static const char *directory;
static int process;
static bool kernel, mock;
static int forks, cancelled;
static atomic_llong sent;
static atomic_bool stop;

static unsigned next(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static const char *path(char *room, int i, const char *suffix)
{
    snprintf(room, 4096, "%s/counting%d-%d.log%s", directory, process, i, suffix);
    return room;
}

/* The lines of a file, which are whole; 0 if there is none. */
static unsigned long long lines(const char *name)
{
    static char line[8192];
    unsigned long long count = 0;
    FILE *file = fopen(name, "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        CHECK(strncmp(line, "type=VIRT_", 10) == 0 && strstr(line, " res=success'\n") != NULL);
        count++;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

static void send_some(unsigned *state, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        sent++;
        if (next(state) % 2 == 0)
            (void)!virAuditDomainDisk(dom, NULL, "/images/a", "attach", true);
        else
            VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm resrc=mem reason=update n=%d", i);
    }
}

static void *sender(void *seed)
{
    unsigned state = *(unsigned *)seed;

    while (!stop) {
        int count = (int)(next(&state) % 20);

        switch (next(&state) % 4) {
        case 0:
            virAuditBatchBegin();
            send_some(&state, count);
            /* A thread that is cancelled here leaves an open batch, which is sent. */
            if (count == 7)
                usleep(100);
            (void)!virAuditBatchEnd();
            break;
        case 1:
            usleep(next(&state) % 300);
            break;
        default:
            send_some(&state, count);
        }
    }
    /* A batch that is open when its thread ends is sent. */
    virAuditBatchBegin();
    send_some(&state, 3);
    return NULL;
}

/* A child has its own counts, and none of its parent's records. */
static void child(void)
{
    char room[4096];
    virAuditStats stats;

    alarm(60);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
    CHECK(virAuditOpenFile(path(room, 99, "")) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.offered == 1 && stats.delivered == 1 && stats.failed == 0 && stats.dropped == 0);
    virAuditClose();
    CHECK(lines(room) == 1);
    CHECK(unlink(room) == 0);
    _exit(0);
}

static void fork_one(void)
{
    int status;
    pid_t pid = fork();

    forks++;
    CHECK(pid >= 0);
    if (pid == 0)
        child();
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Cancels a thread, and starts another in its place. */
static void cancel_one(pthread_t *thread, unsigned *seed, unsigned *state)
{
    void *result;

    CHECK(pthread_cancel(*thread) == 0);
    CHECK(pthread_join(*thread, &result) == 0 && result == PTHREAD_CANCELED);
    cancelled++;
    *seed = next(state);
    CHECK(pthread_create(thread, NULL, sender, seed) == 0);
}

/* Opens the i-th destination anew. Each mock has counts of its own, so there is one in all. */
static void open_again(unsigned *state, int i)
{
    char room[4096];

    if (mock)
        virAuditMockFail(next(state) % 2 == 0 ? 0 : EPERM);
    else if (kernel && next(state) % 4 == 0)
        CHECK(virAuditOpen(1) == 0);
    else
        CHECK(virAuditOpenFile(path(room, i, "")) == 0);
}

static void run(unsigned *state, double seconds, bool closes)
{
    static int rotations;
    unsigned seeds[THREADS];
    pthread_t threads[THREADS];
    char room[4096], old[4096], suffix[32];
    struct timespec now, end;
    virAuditStats before, after;
    unsigned long long held = 0;
    long long sent_before = sent;
    int i;

    if (mock)
        CHECK(virAuditOpenMock() == 0);
    else
        CHECK(virAuditOpenFile(path(room, 0, "")) == 0);
    CHECK(virAuditGetStats(&before, sizeof before) == 0);
    stop = false;
    for (i = 0; i < THREADS; i++) {
        seeds[i] = next(state);
        CHECK(pthread_create(&threads[i], NULL, sender, &seeds[i]) == 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)(seconds * 1e3) % 1000 * 1000000;
    end.tv_sec += (time_t)seconds;
    do {
        i = (int)(next(state) % FILES);
        switch (next(state) % 8) {
        case 0:
            CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
            break;
        case 1:
            CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, next(state) % 2 == 0 ? 16 : 10000) == 0);
            break;
        case 2:
            snprintf(suffix, sizeof suffix, ".%d", ++rotations);
            (void)!rename(path(room, i, ""), path(old, i, suffix));
            break;
        case 3:
            if (next(state) % 8 == 0)
                fork_one();
            else if (next(state) % 4 == 0)
                cancel_one(&threads[i], &seeds[i], state);
            break;
        case 4:
            if (closes)
                virAuditClose();
            break;
        default:
            open_again(state, i);
        }
        usleep(next(state) % 2000);
        CHECK(virAuditGetStats(&after, sizeof after) == 0);
        CHECK(after.offered == after.delivered + after.failed + after.dropped + after.queued);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
    stop = true;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(virAuditFlush(20000) == 0);
    CHECK(virAuditGetStats(&after, sizeof after) == 0);
    for (i = 0; i < FILES; i++) {
        int rotation;

        held += lines(path(room, i, ""));
        for (rotation = 1; rotation <= rotations; rotation++) {
            snprintf(suffix, sizeof suffix, ".%d", rotation);
            held += lines(path(room, i, suffix));
        }
    }
    fprintf(stderr, "%lld sent, %llu offered, %llu delivered, %llu failed, %llu dropped, %llu in files; "
            "%d forks, %d threads cancelled so far\n",
            (long long)sent - sent_before, after.offered - before.offered,
            after.delivered - before.delivered, after.failed - before.failed,
            after.dropped - before.dropped, held, forks,
            cancelled);
    CHECK(after.queued == 0);
    CHECK(after.offered == after.delivered + after.failed + after.dropped);
    /* Nothing is sent while nothing is open. */
    CHECK(closes || after.offered - before.offered == (unsigned long long)(sent - sent_before));
    if (mock) {
        CHECK(virAuditMockCount() == after.delivered);
        return;
    }
    CHECK(after.failed == before.failed);
    if (kernel)
        printf("%llu\n", after.delivered - held);
    else
        CHECK(held == after.delivered);
}

int main(int argc, char **argv)
{
    const char *seed = getenv("VIRAUDIT_SEED");
    unsigned state = seed ? (unsigned)strtoul(seed, NULL, 0) : (unsigned)time(NULL) ^ (unsigned)getpid();
    double seconds = argc > 2 ? atof(argv[2]) : 2;

    CHECK(argc >= 2);
    state |= 1;
    fprintf(stderr, "VIRAUDIT_SEED=%u\n", state);
    directory = argv[1];
    kernel = getenv("VIRAUDIT_COUNTING_KERNEL") != NULL;
    mock = getenv("VIRAUDIT_COUNTING_MOCK") != NULL;
    alarm((unsigned)seconds + 300);
    process = (int)getpid();
    dom = web1();
    run(&state, seconds / 2, false);
    run(&state, seconds / 2, !mock);
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
