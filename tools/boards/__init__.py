"""A race on somebody's board: Raspberry Pis over ssh, phones over adb."""
