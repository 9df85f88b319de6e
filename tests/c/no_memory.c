/* Every allocation that C sees fails once. */

#include "check.h"

static int failing; /* the n-th from now; 0: none */

static int fails(void)
{
    return failing > 0 && --failing == 0;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

int main(void)
{
    virAuditDomain *dom = web1();
    virAuditClient client = VIR_AUDIT_CLIENT_INIT;
    static char text[12000];
    char *encoded;
    int n;

    /* Each allocation in turn: the two texts and the guest. */
    for (n = 1; n < 100; n++) {
        virAuditDomain *copy;

        failing = n;
        errno = 0;
        copy = virAuditDomainNew("kvm", "web1", uuid);
        if (failing > 0) {
            failing = 0;
            CHECK(copy != NULL);
            virAuditDomainFree(copy);
            break;
        }
        CHECK(copy == NULL && errno == ENOMEM);
        CHECK(strstr(virAuditLastError(), "Cannot allocate memory") != NULL);
    }
    CHECK(n == 4);

    CHECK(virAuditOpenMock() == 0);
    memset(text, 'x', sizeof text - 1);

    client.account = text;
    failing = 1;
    errno = 0;
    CHECK(virAuditSetClient(&client) == -1 && errno == ENOMEM && failing == 0);

    failing = 1;
    errno = 0;
    encoded = virAuditEncode("key", text);
    CHECK(failing == 0 && encoded == NULL && errno == ENOMEM);
    CHECK(strstr(virAuditLastError(), "Cannot allocate memory") != NULL);
    encoded = virAuditEncode("key", "a b");
    CHECK_TEXT(encoded, "key=612062");
    free(encoded);

    /* Longer than the stack's room: the text that fits is sent, with the record's end. */
    failing = 1;
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, false, "virt=kvm first=1 long=%s last=1", text);
    CHECK(failing == 0);
    CHECK(virAuditMockCount() == 1);
    CHECK_TEXT(virAuditMockField(0, "first"), "1");
    CHECK_TEXT(virAuditMockField(0, "truncated"), "long");
    CHECK_TEXT(virAuditMockField(0, "res"), "failed");
    virAuditMockClear();

    /* With memory again, all fields are there. */
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, false, "virt=kvm first=1 long=%s last=1", text);
    CHECK_TEXT(virAuditMockField(0, "last"), "1");
    CHECK_TEXT(virAuditMockField(0, "truncated"), "long");
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
