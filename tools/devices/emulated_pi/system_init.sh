#!/bin/busybox sh
# First program of the emulated system: network, a root that mount namespaces can be made of (the
# initramfs is none), then systemd.
box=/bin/busybox
$box mount -t proc proc /proc
$box mount -t sysfs sys /sys
$box mount -t devtmpfs dev /dev
# The network card needs these in this order.
for module in virtio_ring virtio virtio_mmio failover net_failover virtio_net; do
    $box insmod /modules/$module.ko
done
$box ip link set lo up
$box ip link set eth0 up
$box ip addr add 10.0.2.15/24 dev eth0
$box mkdir /new
$box mount -t tmpfs -o size=2g,mode=755 new /new
for folder in bin etc home lib lib64 opt root sbin srv usr var wheels; do
    [ -e "/$folder" ] && $box cp -a "/$folder" /new/
done
cd /new
$box mkdir -p proc sys dev run tmp
$box chmod 1777 tmp
$box chown -R 1000:1000 home/pi
$box chmod 700 home/pi home/pi/.ssh
[ -e bin/sh ] || $box ln -s dash bin/sh
for folder in dev proc sys; do
    $box mount --move "/$folder" "/new/$folder"
done
exec $box switch_root /new /lib/systemd/systemd
