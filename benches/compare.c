/*
 * The same burst of 30 records, sent in turn in one process: through libaudit in libvirt's way,
 * through virAuditSend, as a batch of virAuditSend, as a guest's start from its XML, and by the
 * bare system calls, which are the limit. Prints each way's median and its ratio to libaudit's.
 *
 * Needs root and auditing turned on; benches/compare sees to that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <viraudit.h>

#include "../tests/c/timing.h"

enum { RECORDS = 30, VIRT_RESOURCE = 2501, ROOM = 512 };

static const char uuid[] = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";
static virAuditDomain *domain;
static int audit_fd, bare_fd;
static char paths[RECORDS][64];
static char messages[RECORDS][ROOM];
static char burst[RECORDS * ROOM];
static size_t burst_length;

static void die(const char *what)
{
    perror(what);
    exit(3);
}

/* What a daemon has at hand. */
static void prepare_paths(void)
{
    for (int i = 0; i < RECORDS; i++)
        snprintf(paths[i], sizeof paths[i], "/var/lib/images/disk%02d.qcow2", i);
}

/* Each value is encoded on the heap, the message is formatted on the heap, libaudit sends it. */
static void through_libaudit(void)
{
    for (int i = 0; i < RECORDS; i++) {
        char *vm, *old, *new, *message;

        vm = audit_encode_nv_string("vm", "guest1", 0);
        old = audit_encode_nv_string("old-disk", "?", 0);
        new = audit_encode_nv_string("new-disk", paths[i], 0);
        if (asprintf(&message, "virt=%s resrc=%s reason=%s %s uuid=%s %s %s", "kvm", "disk",
                     "start", vm, uuid, old, new) < 0)
            die("asprintf");
        if (audit_log_user_message(audit_fd, VIRT_RESOURCE, message, NULL, NULL, NULL, 1) < 0)
            die("audit_log_user_message");
        free(message);
        free(new);
        free(old);
        free(vm);
    }
}

static void through_send(void)
{
    for (int i = 0; i < RECORDS; i++) {
        char *vm, *old, *new;

        vm = virAuditEncode("vm", "guest1");
        old = virAuditEncode("old-disk", "?");
        new = virAuditEncode("new-disk", paths[i]);
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=%s resrc=%s reason=%s %s uuid=%s %s %s",
                  "kvm", "disk", "start", vm, uuid, old, new);
        free(new);
        free(old);
        free(vm);
    }
}

static void through_batch(void)
{
    virAuditBatchBegin();
    through_send();
    if (virAuditBatchEnd() < 0)
        die("virAuditBatchEnd");
}

static void through_disks(void)
{
    virAuditBatchBegin();
    for (int i = 0; i < RECORDS; i++)
        virAuditDomainDisk(domain, NULL, paths[i], "start", true);
    if (virAuditBatchEnd() < 0)
        die("virAuditBatchEnd");
}

static void through_start(void)
{
    if (virAuditDomainStart(domain, "booted", true) < 0)
        die("virAuditDomainStart");
}

static void exchange(const void *bytes, size_t length)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    char ack[1024];

    if (sendto(bare_fd, bytes, length, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
        die("sendto");
    if (recv(bare_fd, ack, sizeof ack, 0) < 0)
        die("recv");
}

/* Ready-made messages: nothing is formatted. */
static void bare_each(void)
{
    for (int i = 0; i < RECORDS; i++)
        exchange(messages[i], NLMSG_ALIGN(((struct nlmsghdr *)messages[i])->nlmsg_len));
}

static void bare_once(void)
{
    exchange(burst, burst_length);
}

static void prepare_bare(void)
{
    char exe[200] = "?";

    if (readlink("/proc/self/exe", exe, sizeof exe - 1) < 0)
        die("readlink");
    bare_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    if (bare_fd < 0)
        die("socket");
    for (int i = 0; i < RECORDS; i++) {
        struct nlmsghdr *header = (struct nlmsghdr *)messages[i];
        int length;

        length = snprintf(NLMSG_DATA(header), ROOM - NLMSG_HDRLEN,
                          "virt=kvm resrc=disk reason=start vm=\"guest1\" uuid=%s old-disk=\"?\" "
                          "new-disk=\"%s\" exe=\"%s\" hostname=? addr=? terminal=? res=success",
                          uuid, paths[i], exe);
        header->nlmsg_len = NLMSG_LENGTH(length + 1);
        header->nlmsg_type = VIRT_RESOURCE;
        header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        header->nlmsg_seq = i + 1;
        memcpy(burst + burst_length, header, NLMSG_ALIGN(header->nlmsg_len));
        if (i + 1 < RECORDS)
            ((struct nlmsghdr *)(burst + burst_length))->nlmsg_flags = NLM_F_REQUEST;
        burst_length += NLMSG_ALIGN(header->nlmsg_len);
    }
}

static void prepare_domain(void)
{
    char xml[8192];
    int at = snprintf(xml, sizeof xml,
                      "<domain type='kvm'><name>guest1</name><uuid>%s</uuid>"
                      "<memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices>",
                      uuid);

    /* Memory, CPUs and the start itself make it 30 records. */
    for (int i = 0; i < RECORDS - 3; i++)
        at += snprintf(xml + at, sizeof xml - at,
                       "<disk type='file'><source file='%s'/><target dev='vd%c%c' bus='virtio'/>"
                       "</disk>",
                       paths[i], 'a' + i / 26, 'a' + i % 26);
    snprintf(xml + at, sizeof xml - at, "</devices></domain>");
    domain = virAuditDomainNewXML(xml);
    if (domain == NULL) {
        fprintf(stderr, "%s\n", virAuditLastError());
        exit(3);
    }
}

/* Until auditd has written what it got. Awake: a processor that sleeps forgets its caches, and what
 * comes next pays for it, whoever sent it. */
static void let_auditd_write(void)
{
    const double until = now_us() + 1000;

    while (now_us() < until)
        ;
}

int main(int argc, char **argv)
{
    enum { LIBAUDIT, SEND, BATCH, DISKS, START, BARE_EACH, BARE_ONCE, WAYS };
    static const struct {
        const char *name;
        void (*send)(void);
    } ways[WAYS] = {
        [LIBAUDIT] = {"libaudit, in libvirt's way", through_libaudit},
        [SEND] = {"virAuditSend", through_send},
        [BATCH] = {"virAuditSend, in a batch", through_batch},
        [DISKS] = {"virAuditDomainDisk, in a batch", through_disks},
        [START] = {"virAuditDomainStart, from XML", through_start},
        [BARE_EACH] = {"bare system calls, each", bare_each},
        [BARE_ONCE] = {"bare system calls, once", bare_once},
    };
    const int rounds = argc > 1 ? atoi(argv[1]) : 500;
    double *times[WAYS], median[WAYS];
    virAuditStats stats = {0};

    if (rounds < 1) {
        fprintf(stderr, "usage: %s [ROUNDS]\n", argv[0]);
        return 2;
    }
    audit_fd = audit_open();
    if (audit_fd < 0)
        die("audit_open");
    if (virAuditOpen(2) < 0) {
        fprintf(stderr, "%s\n", virAuditLastError());
        return 3;
    }
    prepare_paths();
    prepare_bare();
    prepare_domain();
    for (int way = 0; way < WAYS; way++) {
        times[way] = calloc(rounds, sizeof *times[way]);
        if (times[way] == NULL)
            die("calloc");
        ways[way].send(); /* what is looked up once is looked up now */
    }
    /* In turn, so that whatever else the machine does falls on all alike, and each time in another
     * order: what was sent before is still being written by auditd, and costs whoever comes next. */
    for (int round = 0; round < rounds; round++) {
        int order[WAYS];

        for (int i = 0; i < WAYS; i++) {
            const int at = rand() % (i + 1);

            order[i] = order[at];
            order[at] = i;
        }
        for (int i = 0; i < WAYS; i++) {
            const int way = order[i];
            const double began = now_us();

            ways[way].send();
            times[way][round] = now_us() - began;
            let_auditd_write();
        }
    }
    printf("%d records a burst, %d bursts of each kind in turn\n\n", RECORDS, rounds);
    printf("%-32s %10s %10s %8s\n", "", "median us", "us/record", "ratio");
    for (int way = 0; way < WAYS; way++) {
        qsort(times[way], rounds, sizeof *times[way], by_value);
        median[way] = times[way][rounds / 2];
        printf("%-32s %10.1f %10.2f %8.3f\n", ways[way].name, median[way], median[way] / RECORDS,
               median[way] / median[LIBAUDIT]);
    }
    printf("\nvirAuditSend in a batch / bare, once: %.3f\n", median[BATCH] / median[BARE_ONCE]);
    printf("virAuditDomainDisk in a batch / bare, once: %.3f\n",
           median[DISKS] / median[BARE_ONCE]);
    printf("start / bare, once: %.3f\n", median[START] / median[BARE_ONCE]);
    virAuditGetStats(&stats, sizeof stats);
    printf("viraudit: %llu offered, %llu delivered, %llu failed\n", stats.offered, stats.delivered,
           stats.failed);
    virAuditDomainFree(domain);
    virAuditClose();
    return stats.failed > 0;
}
