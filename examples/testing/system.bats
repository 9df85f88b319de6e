@test "libvirtd audits the attaching of a disk" {
    viraudit expect --vm "$GUEST" resrc=disk reason=attach "new-disk=$DISK" -- \
        virsh attach-disk "$GUEST" "$DISK" sda --targetbus usb
}

@test "and its detaching, and nothing failed" {
    viraudit expect --vm "$GUEST" resrc=disk reason=detach "old-disk=$DISK" \
        --and --vm "$GUEST" --absent res=failed -- virsh detach-disk "$GUEST" sda
}
