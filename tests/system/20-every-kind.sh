#!/bin/bash
# Each kind of record reaches the log with exactly the text that `--to stdout` prints.
. "$(dirname "$0")/lib.sh"
need_own_audit
start_auditd

mdev=4b20d080-1b54-4048-85b3-a6a62d165c01
n=0
tried=

# kind TYPE BODY ARGUMENTS...: in BODY, GUEST stands for vm= and uuid=.
kind() {
    local type=$1 body=$2 what id text
    shift 2
    n=$((n + 1))
    id=$(uuid $n)
    what="emit $*"
    tried="$tried $1"
    set -- "$@" --virt kvm --name "kinds" --uuid "$id"
    viraudit emit "$@" || { fail "$what" "$(cat "$WORK/err")"; return; }
    fence
    text=$(lines_of "$id" | texts)
    equal "$what" "$(printed "$@")" "$text"
    equal "$what: as libvirt writes it" \
        "$type virt=kvm ${body/GUEST/vm=\"kinds\" uuid=$id} exe=\"$VIRAUDIT\" hostname=? addr=? terminal=? res=success" "$text"
    equal "$what: ausearch -m $type finds it" 1 "$(search -m "$type" -uu "$id" --raw | grep -ac "uuid=$id")"
}

resource() {
    local resrc=$1 reason=$2 tail=$3
    shift 3
    kind VIRT_RESOURCE "resrc=$resrc reason=$reason GUEST $tail" "$@" --reason "$reason"
}

kind VIRT_CONTROL 'op=start reason=booted GUEST vm-pid=42' start --reason booted --pid 42
kind VIRT_CONTROL 'op=stop reason=destroyed GUEST vm-pid=-1' stop --reason destroyed --pid -1
kind VIRT_CONTROL 'op=init GUEST vm-pid=42 init-pid=43 pid-ns=4026531836' init --pid 42 --init-pid 43 --pidns 4026531836
kind VIRT_MACHINE_ID 'GUEST vm-ctx=system_u:system_r:svirt_t:s0:c1,c2 img-ctx=system_u:object_r:svirt_image_t:s0:c1,c2 model=selinux' \
    machine-id --vm-ctx system_u:system_r:svirt_t:s0:c1,c2 --img-ctx system_u:object_r:svirt_image_t:s0:c1,c2 --model selinux
resource disk update 'old-disk="/a.iso" new-disk="/b.iso"' disk --old /a.iso --new /b.iso
resource disk attach 'old-disk="?" new-disk=2F77697468206120626C616E6B' disk --new '/with a blank'
resource fs attach 'old-fs="?" new-fs="/srv"' fs --new /srv
resource net detach 'old-net="52:54:00:aa:bb:cc" new-net="?"' net --old 52:54:00:AA:BB:CC
resource net open 'net=52:54:00:aa:bb:cc path="/dev/null" rdev=01:03' net --mac 52:54:00:aa:bb:cc --device /dev/null
resource chardev attach 'old-chardev="?" new-chardev="/dev/pts/3"' chardev --new /dev/pts/3
resource rng attach 'old-rng="?" new-rng="/dev/urandom"' rng --new /dev/urandom
resource smartcard attach 'old-smartcard="?" new-smartcard="nss-smartcard-device"' smartcard --new nss-smartcard-device
resource dev attach 'bus=usb device="003.007"' dev --bus usb --device 3.7
resource dev attach 'bus=pci device="0000:03:00.1"' dev --bus pci --device 0000:03:00.1
resource dev attach 'bus=scsi device="scsi_host0:0:2:1"' dev --bus scsi --device scsi_host0:0:2:1
resource dev attach 'bus=scsi_host device="naa.5001405df3e54061"' dev --bus scsi_host --device naa.5001405df3e54061
resource dev attach "bus=mdev device=\"$mdev\"" dev --bus mdev --device $mdev
resource dev attach 'bus=usb device=555342207265646972646576' redirdev
resource hostdev attach 'disk="/dev/sdb"' hostdev --disk /dev/sdb
resource hostdev attach 'chardev="/dev/input/event3"' hostdev --chardev /dev/input/event3
resource tpm start 'device="/dev/tpm0"' tpm --device /dev/tpm0
resource tpm-emulator start 'device="/run/swtpm.sock"' tpm-emulator --device /run/swtpm.sock
resource tpm-external start 'device="/run/ext.sock"' tpm-external --device /run/ext.sock
resource shmem start 'size=4194304 path=/dev/shm/shared' shmem --shmem shared --size 4194304
resource ivshmem-socket start 'path=/run/ivshmem.sock' ivshmem-socket --path /run/ivshmem.sock
resource evdev start 'path=/dev/input/event5' evdev --path /dev/input/event5
resource mem update 'old-mem=1048576 new-mem=2097152' mem --old 1048576 --new 2097152
resource vcpu update 'old-vcpu=1 new-vcpu=4' vcpu --old 1 --new 4
resource iothread update 'old-iothread=0 new-iothread=2' iothread --old 0 --new 2
resource cgroup deny 'cgroup="/machine/g" class=all' cgroup --cgroup /machine/g --class all
resource cgroup allow 'cgroup="/machine/g" class=path path="/dev/null" rdev=01:03 acl=rw' \
    cgroup --cgroup /machine/g --class path --path /dev/null --acl rw
resource cgroup allow 'cgroup="/machine/g" class=major category=pty maj=88 acl=rw' \
    cgroup --cgroup /machine/g --class major --category pty --major 136 --acl rw
kind VIRT_INTEGRITY_CHECK 'GUEST mechanism="measured-boot" action="start"' \
    integrity-check --mechanism measured-boot --action start
kind VIRT_CREATE 'reason=clone GUEST image="/i.qcow2"' create --reason clone --image /i.qcow2
kind VIRT_DESTROY 'reason=delete GUEST image="/i.qcow2"' destroy --reason delete --image /i.qcow2
kind VIRT_MIGRATE_IN 'reason=live GUEST source-host="a.example"' migrate-in --reason live --source-host a.example
kind VIRT_MIGRATE_OUT 'reason=live GUEST destination-host="b.example"' migrate-out --reason live --destination-host b.example

viraudit emit --help
equal "no kind is left out" \
    "$(sed -n '/^Events:/,/^$/s/^  \([a-z-]*\)  .*/\1/p' "$WORK/out" | sort -u)" \
    "$(printf '%s\n' $tried | sort -u)"
