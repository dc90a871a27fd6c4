import os, struct, sys, time
latency = os.open("latency", os.O_RDONLY)
def demanded(): return struct.unpack("i", os.pread(latency, 4, 0) or bytes.fromhex("ffffffff"))[0]
# Without a pause, and as a tool that computes a digest of what it writes.
for pause in 0, 0.0002:
  end = time.monotonic() + 40
  while demanded() != 0:
    assert time.monotonic() < end, f"they may sleep, with requests {pause} s apart"
    for _ in range(200):
      os.close(os.open(sys.argv[1], os.O_RDONLY))
      resumption = time.monotonic() + pause
      while time.monotonic() < resumption: pass
  while demanded() != 2000000000:
    assert time.monotonic() < end, "they may not sleep"
    time.sleep(0.01)
