import errno, os, sys
def down(place, step):
  os.chdir(sys.argv[1] + place)
  for level in range(1400):
    step("d")
    os.chdir("d")
down("/incoming", os.mkdir)
with open("f", "w") as file: file.write("x")
down("/committed", lambda name: None)
assert os.listdir() == ["f"]
try: os.readlink("f")
except OSError as error: assert error.errno == errno.ENAMETOOLONG, error
else: assert False
