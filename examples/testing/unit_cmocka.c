#include "daemon.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <viraudit.h>

static void attaching_a_disk_is_audited(void **state)
{
    (void)state;
    virAuditMockHost("audit_level = 1\n");
    assert_int_equal(daemon_start(), 0);
    daemon_attach_disk("web1", "/images/my data.qcow2");
    if (VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", "reason=attach", "vm=web1",
                              "new-disk=/images/my data.qcow2", "res=success") < 0)
        fail_msg("%s", virAuditLastError());
    virAuditClose();
}

static void without_auditing_it_must_not_start(void **state)
{
    (void)state;
    virAuditMockHost("audit_level = 2\n");
    virAuditMockFail(EPERM);
    assert_int_equal(daemon_start(), -1);
    virAuditMockFail(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attaching_a_disk_is_audited),
        cmocka_unit_test(without_auditing_it_must_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
