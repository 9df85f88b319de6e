#include "daemon.h"

#include <check.h>
#include <stdlib.h>
#include <viraudit.h>

START_TEST(attaching_a_disk_is_audited)
{
    virAuditMockHost("audit_level = 1\n");
    ck_assert_int_eq(daemon_start(), 0);
    daemon_attach_disk("web1", "/images/my data.qcow2");
    if (VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", "reason=attach", "vm=web1",
                              "new-disk=/images/my data.qcow2", "res=success") < 0)
        ck_abort_msg("%s", virAuditLastError());
    virAuditClose();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *audit = tcase_create("audit");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(audit, attaching_a_disk_is_audited);
    suite_add_tcase(suite, audit);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
