"""Where a benchmark runs: this machine, one behind ssh, a phone behind adb."""
