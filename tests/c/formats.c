/* virAuditSend formats a text as snprintf does, whatever the format has. */

#include "check.h"

/* Some are not in ISO C. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wpedantic"

#define SAME(...)                                                                     \
    do {                                                                              \
        static char body[20000];                                                      \
        int length = snprintf(body, sizeof body, __VA_ARGS__);                        \
                                                                                      \
        CHECK(length > 0 && (size_t)length < sizeof body);                            \
        virAuditSend(NULL, "formats.c", 1, "main", NULL, NULL,                        \
                     VIR_AUDIT_RECORD_RESOURCE, true, __VA_ARGS__);                   \
        CHECK_RECORD("VIRT_RESOURCE", body, true);                                    \
    } while (0)

int main(void)
{
    const char *volatile none = NULL;
    static char text[9300];
    size_t length;

    CHECK(virAuditOpenMock() == 0);
    SAME("virt=kvm");
    SAME("virt=%s", "kvm");
    SAME("%s", "virt=kvm");
    SAME("%s%s%s", "virt", "=", "kvm");
    SAME("virt=%s a=%s", "", "");
    SAME("virt=%s a=%d", "kvm", 7);
    SAME("a=%d virt=%s", 7, "kvm");
    SAME("virt=%s a=%s b=%lld c=%s", "kvm", "1", -5LL, "z");
    SAME("virt=%s a=100%%", "kvm");
    SAME("virt=%s a=%5s b=%-5s| c=%.2s", "kvm", "x", "y", "zzz");
    SAME("virt=%2$s a=%1$s", "x", "kvm");
    SAME("virt=%s a=%ls", "kvm", L"w");
    SAME("virt=%s a=%c%s", "kvm", 'c', "s");
    SAME("virt=%s a=%s b=%s", "kvm", none, "y");
    errno = ENOENT;
    SAME("virt=%s a=%m", "kvm");
    errno = ENOENT;
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=%s", "kvm");
    CHECK(errno == ENOENT);
    virAuditMockClear();

    /* Up to the room on the stack, and beyond: what doesn't fit into a record is shortened. */
    memset(text, 'x', sizeof text - 1);
    for (length = 9180; length < sizeof text; length++) {
        text[length] = '\0';
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=%s long=%s last=%s", "kvm", text, "1");
        CHECK_TEXT(virAuditMockField(0, "last"), "1");
        CHECK_TEXT(virAuditMockField(0, "truncated"), "long");
        virAuditMockClear();
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, text);
        CHECK_TEXT(virAuditMockField(0, "truncated"), "?");
        virAuditMockClear();
        text[length] = 'x';
    }
    virAuditClose();
    return 0;
}
