/* A width of the caller's format may ask for 2 GiB. The library takes little memory for it. */

#include "check.h"

#include <sys/resource.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    static const int widths[] = {12000, 1 << 20, 256 << 20};
    struct rusage before, after;
    size_t i;

    CHECK(virAuditOpenMock() == 0);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm first=1 wide=%0*d last=1", 12000, 1);
    /* Values are shortened, so that all fields are there. */
    CHECK_TEXT(virAuditMockField(0, "last"), "1");
    virAuditMockClear();
    CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    for (i = 0; i < sizeof widths / sizeof *widths; i++) {
        double start = seconds();

        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm first=1 wide=%0*d last=1", widths[i], 1);
        printf("width %d: %.3f s\n", widths[i], seconds() - start);
        CHECK(virAuditMockCount() == 1);
        CHECK_TEXT(virAuditMockField(0, "virt"), "kvm");
        CHECK_TEXT(virAuditMockField(0, "res"), "success");
        virAuditMockClear();
    }
    CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    printf("%ld KiB more memory\n", after.ru_maxrss - before.ru_maxrss);
    CHECK(after.ru_maxrss - before.ru_maxrss < 16 << 10);
    return 0;
}
