#!/bin/bash
# fetch.sh: puts what boots a whole machine into $DRAGOMAN_TEST_SYSTEM or ~/.cache/dragoman-tests/system: the kernel of
# Debian 13 riscv64 as Image, its OpenSBI as fw_dynamic.bin, and initrd.cpio.gz with busybox, the kernel's modules of
# virtio, screens, input, SCSI, USB, NVMe and KVM and the init of this folder; EDK2 as edk2-code.fd and
# edk2-vars.fd; and esp.img, a FAT disk with GRUB, kernel and initial RAM disk. Packages come as in lib/riscv-apt.sh. What is there already is not made again.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/../../lib/riscv-apt.sh"

out=${DRAGOMAN_TEST_SYSTEM:-$HOME/.cache/dragoman-tests/system}
# In the order in which init loads them.
MODULES="virtio_mmio virtio_blk failover net_failover virtio_net virtio-rng virtio_balloon crc16 mbcache jbd2
    crc32c_generic ext4 netfs 9pnet 9pnet_virtio 9p kvm
    drm drm_kms_helper drm_shmem_helper virtio_dma_buf virtio-gpu virtio_input evdev
    scsi_common scsi_mod virtio_scsi sd_mod cdrom sr_mod isofs
    usb-common usbcore xhci-hcd xhci-pci hid usbhid hid-generic usb-storage nvme-auth nvme-core nvme"

stamp=$(cat "$0" "$here/init" "$here/bench.c" | sha256sum)
[ "$(cat "$out/.made" 2>/dev/null)" != "$stamp" ] || exit 0

fetch_packages() {
    local kernel
    private_apt
    kernel=$(apt-cache depends linux-image-riscv64 | awk '$1 == "Depends:" { print $2; exit }')
    [ -n "$kernel" ] || fail "$SUITE has no kernel for riscv64"
    echo "${kernel#linux-image-}" >"$work/version"
    # The packages themselves, without what they depend on.
    (cd "$work" && apt-get -qq download "$kernel" busybox-static opensbi qemu-efi-riscv64 \
        grub-efi-riscv64-bin) || fail "packages cannot be fetched"
    mkdir "$work/root"
    for deb in "$work"/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -C "$work/root" -xf - --no-same-owner
    done
}

make_initrd() {
    local tree=$work/tree version module file
    version=$(cat "$work/version")
    mkdir -p "$tree"/{bin,sbin,proc,sys,dev,tmp,mnt,etc,root,modules}
    cp "$work/root/usr/bin/busybox" "$tree/bin/busybox"
    for name in sh mount umount cat echo ls insmod poweroff reboot setsid cttyhack; do ln -s busybox "$tree/bin/$name"; done
    cp "$here/init" "$tree/init"
    chmod +x "$tree/init"
    riscv64-linux-gnu-gcc -O2 -static -s "$here/bench.c" -o "$tree/bin/bench" -lpthread
    for module in $MODULES; do
        file=$(find "$work/root/usr/lib/modules/$version/kernel" -name "$module.ko.xz")
        [ -n "$file" ] || continue # built in
        xz -dc "$file" >"$tree/modules/$module.ko"
        echo "$module" >>"$tree/modules/order"
    done
    (cd "$tree" && find . | LC_ALL=C sort | cpio -o -H newc --owner=0:0 --quiet) | gzip -9n >"$work/initrd.cpio.gz"
}

make_esp() {
    local esp=$work/esp.img
    cat >"$work/grub.cfg" <<'END'
set timeout=0
menuentry "Debian" {
    linux /boot/Image console=ttyS0 quiet started=by-grub
    initrd /boot/initrd
}
END
    printf '%s\n' 'search --no-floppy --file --set=root /boot/Image' "set prefix=(\$root)/boot/grub" >"$work/early.cfg"
    grub-mkimage -O riscv64-efi -d "$work/root/usr/lib/grub/riscv64-efi" -p /boot/grub -c "$work/early.cfg" \
        -o "$work/grub.efi" normal linux fat search search_fs_file boot
    truncate -s 64M "$esp"
    mformat -i "$esp" -F -v ESP ::
    mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/boot ::/boot/grub
    mcopy -i "$esp" "$work/grub.efi" ::/EFI/BOOT/BOOTRISCV64.EFI
    mcopy -i "$esp" "$work/grub.cfg" ::/boot/grub/grub.cfg
    mcopy -i "$esp" "$work/root/boot/vmlinux-$(cat "$work/version")" ::/boot/Image
    mcopy -i "$esp" "$work/initrd.cpio.gz" ::/boot/initrd
}

echo "making a riscv64 kernel and initial RAM disk in $out"
mkdir -p "$out"
lock_apt
[ "$(cat "$out/.made" 2>/dev/null)" != "$stamp" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch_packages
make_initrd
make_esp
cp "$work/root/boot/vmlinux-$(cat "$work/version")" "$out/Image"
cp "$work/root/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin" "$work/initrd.cpio.gz" \
    "$work/esp.img" "$out/"
cp "$work/root/usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd" "$out/edk2-code.fd"
cp "$work/root/usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd" "$out/edk2-vars.fd"
echo "$stamp" >"$out/.made"
