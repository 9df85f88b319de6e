setup() {
    export VIRAUDIT_TARGET=file:$BATS_TEST_TMPDIR/records.log
    records=$BATS_TEST_TMPDIR/records.log
}

@test "attaching a disk is audited" {
    viraudit expect --from "$records" vm=web1 resrc=disk reason=attach -- ./daemon web1 /images/a.qcow2
}

@test "another guest's disk isn't" {
    viraudit expect --from "$records" --within 0.5 --absent vm=web1 -- ./daemon web2 /images/a.qcow2
}
