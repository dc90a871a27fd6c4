import os, struct, sys, time
end, latency = time.monotonic() + 40, os.open("latency", os.O_RDONLY)
def demanded(): return struct.unpack("i", os.pread(latency, 4, 0) or bytes.fromhex("ffffffff"))[0]
while demanded() != 0:
  assert time.monotonic() < end, "they may sleep"
  for _ in range(200): os.close(os.open(sys.argv[1], os.O_RDONLY))
while demanded() != 2000000000:
  assert time.monotonic() < end, "they may not sleep"
  time.sleep(0.01)
