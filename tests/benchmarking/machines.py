"""Machines as their /proc and /sys show them: what files hold, what commands print."""

from pathlib import Path

from edgebert.benchmarking.system import System

CPU = "sys/devices/system/cpu"
MEMINFO = "MemTotal:        {total} kB\nMemFree:  1000 kB\nMemAvailable:    {free} kB\n"


def cores(clocks, governor, capacities=None, now=None):
    files = {}
    for i, clock in enumerate(clocks):
        files[f"{CPU}/cpu{i}/cpufreq/cpuinfo_max_freq"] = f"{clock}\n"
        files[f"{CPU}/cpu{i}/cpufreq/scaling_cur_freq"] = f"{now or clock}\n"
        files[f"{CPU}/cpu{i}/cpufreq/scaling_governor"] = f"{governor}\n"
        if capacities:
            files[f"{CPU}/cpu{i}/cpu_capacity"] = f"{capacities[i]}\n"
    return files


def arm_cpuinfo(parts, flags):
    return "".join(
        f"processor\t: {i}\nBogoMIPS\t: 108.00\nFeatures\t: {flags}\n"
        f"CPU implementer\t: 0x41\nCPU part\t: {part}\n\n"
        for i, part in enumerate(parts)
    )


PI4 = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/cpuinfo": arm_cpuinfo(["0xd08"] * 4, "fp asimd evtstrm crc32 cpuid")
    + "Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
    "proc/meminfo": MEMINFO.format(total=3_884_308, free=3_500_000),
    "proc/sys/kernel/osrelease": "6.6.31+rpt-rpi-v8\n",
    "proc/loadavg": "0.08 0.03 0.01 1/150 1234\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48199\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
    **cores([1_800_000] * 4, "ondemand", now=600_000),
}

PMIC = """     3V7_WL_SW_A current(0)=0.10000000A
   VDD_CORE_A current(7)=2.00000000A
     3V7_WL_SW_V volt(8)=3.70000000V
   VDD_CORE_V volt(15)=0.80000000V
    EXT5V_V volt(24)=5.13200000V
"""

PI5 = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/cpuinfo": arm_cpuinfo(["0xd0b"] * 4, "fp asimd fphp asimdhp asimddp")
    + "Model\t\t: Raspberry Pi 5 Model B Rev 1.0\n",
    "proc/meminfo": MEMINFO.format(total=8_254_896, free=7_000_000),
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "84900\n",
    **cores([2_400_000] * 4, "performance"),
}
PI5_COMMANDS = {"vcgencmd get_throttled": "throttled=0x0\n", "vcgencmd pmic_read_adc": PMIC}

LAPTOP = {
    "sys/devices/virtual/dmi/id/sys_vendor": "LENOVO\n",
    "sys/devices/virtual/dmi/id/product_name": "ThinkPad\n",
    "proc/cpuinfo": "".join(
        f"processor\t: {i}\nmodel name\t: 12th Gen Intel(R) Core(TM)\ncpu MHz\t\t: 900.0\n"
        "flags\t\t: fpu sse2 avx2 avx_vnni\n\n"
        for i in range(4)
    ),
    "proc/meminfo": MEMINFO.format(total=16_000_000, free=9_000_000),
    "proc/loadavg": "5.50 3.00 2.00 3/900 4321\n",
    # Two quick cores, whose turbo clocks differ a little, and two slow ones.
    **cores([4_700_000, 4_600_000, 3_500_000, 3_500_000], "powersave"),
    **{f"{CPU}/cpu{i}/thermal_throttle/core_throttle_count": "3\n" for i in range(4)},
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": "27800\n",
    "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
    "sys/class/thermal/thermal_zone1/temp": "61000\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "sys/class/power_supply/AC/online": "0\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/BAT0/status": "Discharging\n",
    "sys/class/power_supply/BAT0/power_now": "9500000\n",
    "sys/class/powercap/intel-rapl:0/name": "package-0\n",
    "sys/class/powercap/intel-rapl:0/energy_uj": "1000000\n",
    "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
}

PHONE = {
    "proc/cpuinfo": arm_cpuinfo(
        ["0xd46"] * 4 + ["0xd47"] * 3 + ["0xd47"], "fp asimd asimdhp asimddp i8mm"
    ),
    "proc/meminfo": MEMINFO.format(total=7_600_000, free=2_000_000),
    **cores(
        [2_000_000] * 4 + [2_800_000] * 3 + [3_200_000], "schedutil", [280] * 4 + [830] * 3 + [1024]
    ),
    f"{CPU}/cpu6/online": "0\n",
    "sys/class/thermal/thermal_zone0/type": "battery\n",
    "sys/class/thermal/thermal_zone0/temp": "31000\n",
    "sys/class/thermal/thermal_zone1/type": "cpu-1-7\n",
    "sys/class/thermal/thermal_zone1/temp": "55300\n",
    "sys/class/thermal/thermal_zone2/type": "cpu-broken\n",
    "sys/class/thermal/thermal_zone2/temp": "-274000\n",
    "sys/class/thermal/cooling_device0/type": "thermal-cpufreq-0\n",
    "sys/class/thermal/cooling_device0/cur_state": "2\n",
    "sys/class/thermal/cooling_device1/type": "panel0-backlight\n",
    "sys/class/thermal/cooling_device1/cur_state": "7\n",
    "sys/class/power_supply/usb/type": "USB\n",
    "sys/class/power_supply/usb/online": "1\n",
    "sys/class/power_supply/battery/type": "Battery\n",
    "sys/class/power_supply/battery/status": "Discharging\n",
    "sys/class/power_supply/battery/current_now": "-450000\n",
    "sys/class/power_supply/battery/voltage_now": "4000000\n",
}


def machine(folder: Path, files, commands=None) -> System:
    """A machine with these files below `folder`; writing there changes it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    known = commands or {}
    return System(folder, lambda command: known.get(" ".join(command), ""))
