# Veridian in gdb, on both machines:
#
#   gdb -x .gdbinit --args ./veridian-sim          the simulator
#   gdb -x .gdbinit build/veridian.elf             the image: make qemu-gdb in another window, then `vattach`
#
#   vps           every process and its threads
#   vpt ADDR      the walk of a user or kernel address through the page tables of the process that runs
#   vattach [P]   connect to QEMU's gdb server on port P (1234), or on the socket P
#
# gdb reads this file by itself in this directory once it is told that the place is safe: add-auto-load-safe-path.

set print pretty on
set pagination off
set confirm off

# On the simulator these signals are the simulated processor's faults, calls and interrupts: ordinary work.
handle SIGSEGV SIGBUS SIGSYS SIGILL SIGFPE SIGALRM SIGVTALRM SIGIO SIGUSR1 SIGUSR2 pass nostop noprint

python
import gdb

ENTRIES = 512
PAGE_MASK = 0x000FFFFFFFFFF000
FLAGS = [(0, "present"), (1, "write"), (2, "user"), (3, "write-through"), (4, "no-cache"),
         (5, "accessed"), (6, "dirty"), (7, "large"), (8, "global"), (63, "no-execute")]

def value(expression):
    return gdb.parse_and_eval(expression)

def static_variable(name):
    """A file's own variable. Link-time optimization leaves a second description of some, without a place."""
    return next(v for v in (s.value() for s in gdb.lookup_static_symbols(name)) if not v.is_optimized_out)

def direct_map(physical):
    return int(value("arch_direct_map_base")) + physical

def read_u64(address):
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, 8)), "little")

def entries(head, type_name, member):
    """The elements of an intrusive list (kern/list.h)."""
    element = gdb.lookup_type(type_name)
    offset = next(f.bitpos // 8 for f in element.fields() if f.name == member)
    node = head["next"]
    while node != head.address:
        yield (node.cast(gdb.lookup_type("char").pointer()) - offset).cast(element.pointer()).dereference()
        node = node["next"]

def current_thread():
    pointer = value("cpus[0].current")
    return pointer.dereference() if int(pointer) else None

def enum_name(v):
    return str(v).split("_", 1)[-1].lower()

class PageTableWalk(gdb.Command):
    """vpt ADDR: walks the page tables of the running process, or the kernel's, and prints the entry of each level."""

    def __init__(self):
        super().__init__("vpt", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("usage: vpt ADDR")
        address = int(value(argument).cast(gdb.lookup_type("unsigned long")))
        thread = current_thread()
        if thread is not None and int(thread["process"]) and int(thread["process"]["aspace"]):
            process = thread["process"]
            table = int(process["aspace"]["pmap"]["root"])
            print("%s[%d], root 0x%x" % (process["name"].string(), int(process["pid"]), table))
        else:
            table = int(value("kernel_pmap.root"))
            print("kernel, root 0x%x" % table)
        self.walk(table, address)

    def walk(self, table, address):
        for level in (4, 3, 2, 1):
            shift = 12 + 9 * (level - 1)
            index = (address >> shift) % ENTRIES
            entry = read_u64(direct_map(table + 8 * index))
            names = " ".join(name for bit, name in FLAGS if entry >> bit & 1)
            print("  level %d [%3d] 0x%016x  %s" % (level, index, entry, names or "empty"))
            if not entry & 1:
                print("  0x%x is not mapped" % address)
                return
            table = entry & PAGE_MASK
            if level == 1 or (level < 4 and entry >> 7 & 1):
                size = 1 << shift
                physical = (table & ~(size - 1)) | (address & (size - 1))
                print("  0x%x -> physical 0x%x, page of %d KiB" % (address, physical, size >> 10))
                return

class TaskList(gdb.Command):
    """vps: lists processes and their threads; the running thread is marked."""

    def __init__(self):
        super().__init__("vps", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        running = int(value("cpus[0].current"))
        print("  pid parent job  name             threads")
        for p in entries(static_variable("all_processes"), "struct process", "all_link"):
            parent = int(p["parent"]["pid"]) if int(p["parent"]) else 0
            threads = []
            for t in entries(p["threads"], "struct thread", "process_link"):
                mark = "*" if int(t.address) == running else ""
                threads.append("%d %s%s" % (int(t["id"]), enum_name(t["state"]), mark))
            state = ", ".join(threads) if threads else "zombie" if p["zombie"] else "-"
            print("%5d %6d %3d  %-16s %s" % (int(p["pid"]), parent, int(p["job"]), p["name"].string(), state))

class Attach(gdb.Command):
    """vattach [PORT or SOCKET]: connects to the image in QEMU, started with `make qemu-gdb`."""

    def __init__(self):
        super().__init__("vattach", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        gdb.execute("set architecture i386:x86-64")
        gdb.execute("target remote " + (argument if "/" in argument else ":" + (argument or "1234")))

PageTableWalk()
TaskList()
Attach()
end
