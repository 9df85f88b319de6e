/*
 * With record_client = 1, a record names the client that libvirt's thread handles. The library has
 * read the file that VIRAUDIT_CONF names; argv[1] is libvirt_identity.c as a library.
 */

#include "check.h"
#include "libvirt_identity.h"

#include <dlfcn.h>
#include <pthread.h>

static void *libvirt;

static void *symbol(const char *name)
{
    void *found = dlsym(libvirt, name);

    CHECK(found != NULL);
    return found;
}

static void set_identity(struct identity *identity)
{
    *(struct identity **)symbol("fake_identity") = identity;
}

/* Field 22 of this process's stat, and a number of its login. */
static unsigned long long started(void)
{
    char text[2000], *word;
    FILE *file = fopen("/proc/self/stat", "r");
    int i;

    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    word = strrchr(text, ')');
    for (i = 0; i < 20; i++)
        word = strchr(word + 1, ' ');
    return strtoull(word, NULL, 10);
}

static const char *login(const char *name)
{
    static char text[32];
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/%s", name);
    file = fopen(path, "r");
    text[0] = '\0';
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void send_one(void)
{
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, false, "virt=kvm op=start");
}

static void *elsewhere(void *unused)
{
    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start", false);
    return unused;
}

static void known(void)
{
    /* This program is its own client: the process that forked it is the daemon. */
    struct identity alice = {1, "alice", NULL, NULL, true, 1000, 100, getppid(), 1};
    struct identity remote = {1, NULL, "fred", "CN=fred", false, 0, 0, 0, 0};
    struct identity own = {1, "root", NULL, NULL, true, 0, 0, getpid(), started()};
    virError *error = symbol("fake_error");
    char expected[200];
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;
    pthread_t thread;

    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start", false);

    /* Started at another time: the process id is another one's, and so would be the login. */
    set_identity(&alice);
    snprintf(expected, sizeof expected,
             "virt=kvm op=start acct=\"alice\" client-uid=1000 client-gid=100 client-pid=%d",
             getppid());
    /* libvirt's answer to the client, which each getter forgets. */
    error->code = 38;
    error->message = strdup("no such disk");
    send_one();
    CHECK_RECORD("VIRT_CONTROL", expected, false);
    CHECK(error->code == 38);
    CHECK_TEXT(error->message, "no such disk");
    free(error->message);
    error->message = NULL;
    error->code = 0;

    set_identity(&remote);
    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start client-sasl=\"fred\" client-x509=\"CN=fred\"",
                 false);

    /* Nobody asked: the daemon itself. */
    set_identity(&own);
    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start", false);
    CHECK(alice.references == 1 && remote.references == 1 && own.references == 1);

    set_identity(&alice);
    CHECK(pthread_create(&thread, NULL, elsewhere, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    /* A client that is set comes first. */
    client.account = "bob";
    CHECK(virAuditSetClient(&client) == 0);
    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start acct=\"bob\"", false);
    CHECK(virAuditSetClient(NULL) == 0);

    /* A batch holds no reference. */
    virAuditBatchBegin();
    send_one();
    CHECK(alice.references == 1);
    set_identity(NULL);
    memset(&alice, 0, sizeof alice);
    CHECK(virAuditBatchEnd() == 0);
    CHECK_RECORD("VIRT_CONTROL", expected, false);
}

/* The login of a client that still runs: of the parent's child that sleeps. */
static void child_login(void)
{
    struct identity alice = {1, "alice", NULL, NULL, true, 1000, 100, getppid(), 0};
    char expected[300], path[64], text[2000], *word;
    FILE *file;
    int i;

    snprintf(path, sizeof path, "/proc/%d/stat", getppid());
    file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    word = strrchr(text, ')');
    for (i = 0; i < 20; i++)
        word = strchr(word + 1, ' ');
    alice.started = strtoull(word, NULL, 10);
    set_identity(&alice);
    i = snprintf(expected, sizeof expected,
                 "virt=kvm op=start acct=\"alice\" client-uid=1000 client-gid=100 client-pid=%d",
                 getppid());
    /* A child has its parent's login. */
    if (login("loginuid")[0] != '\0')
        i += snprintf(expected + i, sizeof expected - (size_t)i, " sauid=%s", login("loginuid"));
    if (login("sessionid")[0] != '\0')
        snprintf(expected + i, sizeof expected - (size_t)i, " client-ses=%s", login("sessionid"));
    send_one();
    CHECK_RECORD("VIRT_CONTROL", expected, false);
    set_identity(NULL);
}

/* A version of libvirt whose functions may be others: they aren't called, and it is logged once. */
static void unknown(unsigned long version, const char *shown)
{
    struct identity alice = {1, "alice", NULL, NULL, true, 1000, 100, getppid(), 0};
    char expected[300];

    *(unsigned long *)symbol("fake_version") = version;
    CHECK(virAuditOpen(1) == 0);
    snprintf(expected, sizeof expected,
             "record_client is 1, but records name no client: libvirt %s is not one of the known "
             "versions, 9.0 to 12.8",
             shown);
    CHECK_TEXT(symbol("fake_log"), expected);
    ((char *)symbol("fake_log"))[0] = '\0';
    set_identity(&alice);
    send_one();
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start", false);
    CHECK_TEXT(symbol("fake_log"), "");
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    libvirt = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(libvirt != NULL);
    virAuditMockHost("");
    if (strcmp(argv[2], "known") == 0) {
        CHECK(virAuditOpen(1) == 0);
        CHECK_TEXT(symbol("fake_log"), "");
        known();
        child_login();
    } else if (strcmp(argv[2], "older") == 0) {
        unknown(8999999, "8.999.999");
    } else {
        unknown(13000000, "13.0.0");
    }
    return 0;
}
