"""Float graphs whose dense layers are whole numbers, with ranges that are fixed by calibration."""
