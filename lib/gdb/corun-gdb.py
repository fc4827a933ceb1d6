"""corun's fibers in gdb, in live processes and core files:

    info corun-fibers                 every fiber: its number, name, state, what it waits for and where
    corun-fiber N                     selects fiber N: bt, frame, info locals … are its own until corun-fiber 0; of one that runs, its thread
    corun-fiber apply all COMMAND     COMMAND once for each fiber that has a stack

The installed library brings this file to where gdb loads it by itself (gdb's `info auto-load`); else: source corun-gdb.py
A fiber's frames are shown as the callers of the current thread's innermost frame, which stays at the top as frame 0. No register and no
memory is changed, so it works on core files too. Nothing here needs debugging information of the library; x86-64 only for the stacks.
"""
import gdb
import gdb.unwinder

STATES = ("not begun", "ready", "waiting", "ended", "waiting")
# The order of corun_debug_layout, lib/debug_layout.cpp.
VERSION = 2
FIELDS = ("next", "first_live", "running", "slots", "head", "tail", "mask", "following", "id", "name", "state", "sp", "where",
          "spawned_at", "spawned_by", "waits_for", "stack", "stack_size")


def read(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def number_at(address, size=8):
    return int.from_bytes(read(address, size), "little")


def text_at(address, longest=256):
    text = b""
    while len(text) < longest and (byte := read(address + len(text), 1)) != b"\0":
        text += byte
    return text.decode(errors="replace")


def symbol(name, *others):
    """The address of the first that there is."""
    for each in (name, *others):
        try:
            return int(gdb.parse_and_eval(f"(unsigned long)&{each}"))
        except gdb.error:
            pass
    raise gdb.GdbError(f"there is no symbol {name}: is this a program with corun, and is it running?")


def layout():
    table = symbol("corun_debug_layout")
    if (version := number_at(table, 4)) != VERSION:
        raise gdb.GdbError(f"this library's fibers are laid out in version {version}; this corun-gdb.py knows {VERSION}")
    return {name: number_at(table + 4 * place, 4) for place, name in enumerate(FIELDS, 1)}


class Fiber:
    def __init__(self, record, at, is_running, queued):
        def value(name):
            return number_at(record + at[name])

        self.id, self.spawned_by = value("id"), value("spawned_by")
        self.name = read(value("name"), number_at(record + at["name"] + 8)).decode(errors="replace")  # libstdc++'s std::string
        self.where, self.spawned_at = self.place(value("where")), self.place(value("spawned_at"))
        self.state = "running" if is_running else STATES[number_at(record + at["state"], 1)]
        self.sp = queued.get(record) or value("sp") if self.state in ("ready", "waiting") else 0
        self.stack = range(value("stack"), value("stack") + value("stack_size") + 1)
        self.waits_for = text_at(value("waits_for")) if self.state == "waiting" and value("waits_for") else ""

    @staticmethod
    def place(location):  # what std::source_location points to: file, function, line
        return f"{text_at(number_at(location), 4096)}:{number_at(location + 16, 4)}" if location else "an unnamed place"

    def __str__(self):
        name = f" '{self.name}'" if self.name else ""
        waits = f" in {self.waits_for}" if self.waits_for else ""
        by = f" by #{self.spawned_by}" if self.spawned_by else ""
        return f"#{self.id}{name} {self.state}{waits} at {self.where}, spawned at {self.spawned_at}{by}"


def fibers():
    at, result = layout(), []
    scheduler = number_at(symbol("corun_first_scheduler"))
    while scheduler:
        slots, head, tail, mask = (number_at(scheduler + at[name]) for name in ("slots", "head", "tail", "mask"))
        entries = (slots + 16 * (i & mask) for i in range(head, tail))
        queued = {number_at(entry): number_at(entry + 8) for entry in entries}
        running, record = number_at(scheduler + at["running"]), number_at(scheduler + at["first_live"])
        while record:
            result.append(Fiber(record, at, record == running, queued))
            record = number_at(record + at["following"])
        scheduler = number_at(scheduler + at["next"])
    return sorted(result, key=lambda fiber: fiber.id)


def switch_to_thread_of(fiber):
    """Selects the thread that runs it, of which some frame lies on its stack: the innermost may be a signal handler's. False: none does."""
    before = gdb.selected_thread()
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame = gdb.newest_frame()
        for _ in range(64):
            if frame and int(frame.read_register("rsp")) in fiber.stack:
                return True
            frame = frame and frame.older()
    if before:
        before.switch()
    return False


def saved_registers():
    """What Boost.Context's jump_fcontext leaves at the stack pointer: register → offset. Its builds differ by one slot, for the stack
    protector; its first instruction, lea -N(%rsp),%rsp, says how many bytes lie below the return address."""
    at, endbr64 = symbol("jump_fcontext", "_ZN5boost7context6detail13jump_fcontextEPvS2_"), b"\xf3\x0f\x1e\xfa"
    code = read(at, 9).removeprefix(endbr64)
    if code[:1] == b"\xe9":  # newer releases export a function of C++ that jumps to it: from behind this instruction, so far
        at += len(endbr64) * (len(code) == 5) + 5 + int.from_bytes(code[1:5], "little", signed=True)
        code = read(at, 9).removeprefix(endbr64)
    if code[:4] != b"\x48\x8d\x64\x24":
        raise gdb.GdbError("this build of Boost.Context saves registers in an unknown way: no stacks")
    size = 256 - code[4]
    return dict(zip(("r12", "r13", "r14", "r15", "rbx", "rbp", "rip"), range(size - 0x30, size + 1, 8)))


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class FiberUnwinder(gdb.unwinder.Unwinder):
    """Puts the selected fiber's frames below the innermost frame, as if that had been called by the fiber. Works on core files."""

    def __init__(self):
        super().__init__("corun")
        self.sp = 0
        self.at = None  # the innermost frame's stack pointer

    def __call__(self, pending):
        if not self.sp:
            return None
        sp, pc = (pending.read_register(name) for name in ("rsp", "rip"))
        if self.at is None:
            self.at = int(sp)
        if int(sp) != self.at:
            return None
        word = pending.architecture().integer_type(64, False)
        # Frames must lie ever further out: the way in pretends to lie below the fiber, not where the thread is.
        info = pending.create_unwind_info(FrameId(gdb.Value(self.sp).cast(word), pc))
        for register, offset in self.saved.items():
            info.add_saved_register(register, gdb.Value(number_at(self.sp + offset)).cast(word))
        info.add_saved_register("rsp", gdb.Value(self.sp + self.saved["rip"] + 8).cast(word))
        return info

    def select(self, sp):
        self.sp, self.at = sp, None
        gdb.invalidate_cached_frames()
        if sp:
            if gdb.selected_inferior().architecture().name() != "i386:x86-64":
                raise gdb.GdbError("stacks of fibers are shown on x86-64 only")
            self.saved = saved_registers()
            gdb.newest_frame().older().select()  # the innermost is the thread's, and only the way in


unwinder = FiberUnwinder()


class InfoFibers(gdb.Command):
    """Lists corun's fibers: number, name, state, what each waits for, and the lines of its last yield and of its spawn."""

    def __init__(self):
        super().__init__("info corun-fibers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        unwinder.select(0)
        found = fibers()
        for fiber in found:
            print(fiber)
        print(f"{len(found)} fibers")


class SelectFiber(gdb.Command):
    """corun-fiber N selects the fiber of that number, until the program runs or `corun-fiber 0`.
corun-fiber apply all COMMAND runs COMMAND for each fiber that has a stack."""

    def __init__(self):
        super().__init__("corun-fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        unwinder.select(0)
        words = argument.split()
        if words[:2] == ["apply", "all"]:
            self.apply_all(" ".join(words[2:]))
        elif words and words[0].lstrip("#").isdigit():
            self.select(int(words[0].lstrip("#")))
        else:
            raise gdb.GdbError("corun-fiber N, or corun-fiber apply all COMMAND")

    def select(self, number):
        if number == 0:
            return
        fiber = next((f for f in fibers() if f.id == number), None)
        if not fiber:
            raise gdb.GdbError(f"there is no fiber #{number}; see info corun-fibers")
        if fiber.state == "running" and switch_to_thread_of(fiber):
            print(f"{fiber}, on thread {gdb.selected_thread().num}")
            return
        if not fiber.sp:
            raise gdb.GdbError(f"{fiber}: it has no stack to be shown")
        unwinder.select(fiber.sp)
        print(fiber)

    def apply_all(self, command):
        for fiber in fibers():
            before = gdb.selected_thread()
            print(f"\n{fiber}")
            try:
                if fiber.sp:
                    unwinder.select(fiber.sp)
                    gdb.execute(command)
                elif fiber.state == "running" and switch_to_thread_of(fiber):
                    gdb.execute(command)
            finally:
                unwinder.select(0)
                before.switch()


gdb.unwinder.register_unwinder(None, unwinder, replace=True)
gdb.events.cont.connect(lambda _: unwinder.select(0) if unwinder.sp else None)
InfoFibers()
SelectFiber()
