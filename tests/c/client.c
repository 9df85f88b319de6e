/* The client that a daemon sets is named in every record of its thread, however it is sent. */

#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#define STOP "virt=kvm op=stop reason=shutdown vm=\"web1\" uuid=" UUID_TEXT " vm-pid=0"
#define ALICE " acct=\"alice\" client-uid=1000 client-gid=100 client-pid=4711 sauid=1000 client-ses=7"

static virAuditClient alice(void)
{
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;

    client.account = "alice";
    client.uid = client.login_uid = 1000;
    client.gid = 100;
    client.pid = 4711;
    client.session = 7;
    return client;
}

static void each_way(void)
{
    virAuditDomain *dom = web1();
    virAuditClient client = alice();
    char account[] = "alice";

    client.account = account;
    CHECK(virAuditSetClient(&client) == 0);
    /* The library keeps copies. */
    memset(account, 'x', sizeof account - 1);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK_RECORD("VIRT_CONTROL", STOP ALICE, true);
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, STOP);
    CHECK_RECORD("VIRT_CONTROL", STOP ALICE, true);

    /* In a batch and in the queue, it is the client at the time of the call. */
    virAuditBatchBegin();
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditSetClient(NULL) == 0);
    CHECK(virAuditBatchEnd() == 0);
    CHECK_RECORD("VIRT_CONTROL", STOP ALICE, true);
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 0) == 0);
    client.account = "alice";
    CHECK(virAuditSetClient(&client) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(virAuditSetClient(NULL) == 0);
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);
    CHECK_RECORD("VIRT_CONTROL", STOP ALICE, true);

    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK_RECORD("VIRT_CONTROL", STOP, true);
    virAuditDomainFree(dom);
}

static void each_member(void)
{
    virAuditDomain *dom = web1();
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;

    /* A client of whom nothing is known. */
    CHECK(virAuditSetClient(&client) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK_RECORD("VIRT_CONTROL", STOP, true);

    client.uid = 0;
    client.login_uid = client.session = UINT_MAX;
    client.account = "al ice";
    client.sasl = "alice@EXAMPLE";
    client.x509 = "CN=\" res=failed";
    client.address = "192.0.2.7:16514";
    client.terminal = "";
    CHECK(virAuditSetClient(&client) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    CHECK(strstr(virAuditMockRecord(0),
                 " vm-pid=0 acct=616C20696365 client-uid=0 sauid=4294967295 client-ses=4294967295 "
                 "client-sasl=\"alice@EXAMPLE\" client-x509=434E3D22207265733D6661696C6564 exe=")
          != NULL);
    CHECK(strstr(virAuditMockRecord(0), " hostname=? addr=192.0.2.7:16514 terminal=? res=success"));
    virAuditMockClear();
    /* What virAuditSend gets comes first. */
    VIR_AUDIT_USER(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, NULL, "192.0.2.8", STOP);
    CHECK(strstr(virAuditMockRecord(0), " client-sasl=\"alice@EXAMPLE\" ") != NULL);
    CHECK(strstr(virAuditMockRecord(0), " addr=192.0.2.8 terminal=? ") != NULL);
    virAuditMockClear();
    CHECK(virAuditSetClient(NULL) == 0);
    virAuditDomainFree(dom);
}

static void long_values(void)
{
    virAuditDomain *dom = web1();
    virAuditClient client = alice();
    char *name = malloc(100001);

    CHECK(name != NULL);
    memset(name, 'x', 100000);
    name[100000] = '\0';
    client.x509 = name;
    CHECK(virAuditSetClient(&client) == 0);
    CHECK(virAuditDomainDisk(dom, NULL, name, "attach", true) == 0);
    CHECK(strstr(virAuditMockRecord(0),
                 "x\" truncated=new-disk,client-x509" ALICE " client-x509=\"xxx")
          != NULL);
    CHECK(strstr(virAuditMockRecord(0), "x\" exe=\"") != NULL);
    CHECK(strstr(virAuditMockRecord(0), " res=success") != NULL);
    CHECK(strlen(virAuditMockRecord(0)) <= strlen("VIRT_RESOURCE ") + 8560);
    virAuditMockClear();
    CHECK(virAuditSetClient(NULL) == 0);
    free(name);
    virAuditDomainFree(dom);
}

static void failures(void)
{
    virAuditClient client = alice();
    int file;

    client.size = sizeof client - 1;
    CHECK_FAILS(virAuditSetClient(&client), -1, EINVAL,
                "client->size is too small: start with VIR_AUDIT_CLIENT_INIT");
    client.size = 0;
    CHECK_FAILS(virAuditClientFromSocket(0, &client), -1, EINVAL,
                "client->size is too small: start with VIR_AUDIT_CLIENT_INIT");
    client = alice();
    client.uid = -2;
    CHECK_FAILS(virAuditSetClient(&client), -1, EINVAL,
                "client->uid is not from -1 to 4294967295");
    client = alice();
    client.session = 4294967296LL;
    CHECK_FAILS(virAuditSetClient(&client), -1, EINVAL,
                "client->session is not from -1 to 4294967295");
    client = alice();
    file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    CHECK(virAuditClientFromSocket(file, &client) == -1 && errno == ENOTSOCK);
    close(file);
    CHECK(virAuditClientFromSocket(file, &client) == -1 && errno == EBADF);
    CHECK(virAuditClientFromSocket(-1, &client) == -1 && errno == EBADF);
    CHECK(client.uid == 1000);
    CHECK_FAILS(virAuditClientFromSocket(0, NULL), -1, EINVAL, "client must not be NULL");
}

static void socket_peer(void)
{
    /* As of a later version of the library: what this one doesn't know is left alone. */
    struct {
        virAuditClient client;
        char more[16];
    } later = {VIR_AUDIT_CLIENT_INIT, "more"};
    int pair[2];

    later.client.size = sizeof later;
    later.client.account = "alice";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(virAuditClientFromSocket(pair[0], &later.client) == 0);
    CHECK(later.client.uid == (long long)geteuid() && later.client.gid == (long long)getegid());
    CHECK(later.client.pid == (long long)getpid());
    CHECK(later.client.login_uid >= -1 && later.client.session >= -1);
    CHECK_TEXT(later.client.account, "alice");
    CHECK_TEXT(later.more, "more");
    CHECK(virAuditSetClient(&later.client) == 0 && virAuditSetClient(NULL) == 0);
    close(pair[0]);
    close(pair[1]);
}

/* Each thread's records name its own client. */
static void *one_of_many(void *number)
{
    virAuditDomain *dom = web1();
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;
    char name[32];
    int i;

    client.uid = (long long)(intptr_t)number;
    for (i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "user%lld", client.uid);
        client.account = name;
        CHECK(virAuditSetClient(&client) == 0);
        CHECK(virAuditDomainStop(dom, name) == 0);
    }
    virAuditDomainFree(dom);
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[16];
    size_t i;

    for (i = 0; i < 16; i++)
        CHECK(pthread_create(&threads[i], NULL, one_of_many, (void *)(intptr_t)i) == 0);
    for (i = 0; i < 16; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(virAuditMockCount() == 320);
    for (i = 0; i < 320; i++) {
        char reason[32];

        snprintf(reason, sizeof reason, "%s", virAuditMockField(i, "reason"));
        CHECK_TEXT(virAuditMockField(i, "acct"), reason);
        CHECK_TEXT(virAuditMockField(i, "client-uid"), reason + strlen("user"));
    }
    virAuditMockClear();
}

int main(void)
{
    CHECK(virAuditOpenMock() == 0);
    each_way();
    each_member();
    long_values();
    failures();
    socket_peer();
    many_threads();
    return 0;
}
