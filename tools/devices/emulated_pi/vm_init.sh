#!/bin/busybox sh
# First program of the emulated machine: devices, network, then nothing but the ssh server.
box=/bin/busybox
$box mount -t proc proc /proc
$box mount -t sysfs sys /sys
$box mount -t devtmpfs dev /dev
$box mkdir -p /dev/pts /full /tmp /var/run
$box mount -t devpts pts /dev/pts
$box mount -t tmpfs -o size=300k,mode=700 full /full
$box cp -r /root/.ssh /full/
# The network card needs these in this order.
for module in virtio_ring virtio virtio_mmio failover net_failover virtio_net; do
    $box insmod /modules/$module.ko
done
$box hostname raspberrypi
$box ip link set lo up
$box ip link set eth0 up
$box ip addr add 10.0.2.15/24 dev eth0
[ -e /bin/sh ] || $box ln -s dash /bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for applet in $($box --list); do
    [ -e "/bin/$applet" ] || [ -e "/usr/bin/$applet" ] || $box ln -s $box "/usr/bin/$applet"
done
exec /usr/sbin/dropbear -F -E -s -p 22 -r /etc/dropbear/host
