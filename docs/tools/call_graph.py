"""The call graph of a C++ program as g++ knows it: from -fcallgraph-info, and from the dump of the lowered functions what that leaves
out, which functions are noexcept and what lies inside of a corun::no_yield."""
import dataclasses
import pathlib
import re
import subprocess

INDIRECT = "__indirect_call"
NODE = re.compile(r'node: \{ title: "([^"]*)" label: "([^"]*)"( shape : ellipse)?')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"(?: label: "([^"]*)")?')
HEADER = re.compile(r";; Function .* \((\S+), funcdef_no=")
STATEMENT = re.compile(r"( *)(?:\[([^\]]+:\d+:\d+)\] )?(.*)")
# Constructors and destructors may stand in the dump without a symbol.
CONSTRUCTION = r"(?:__ct_comp|_ZN5corun8no_yieldC[12]\w+) +\(.*&{}[,)]"
DESTRUCTION = r"(?:__dt_comp|_ZN5corun8no_yieldD[12]Ev) +\(.*&{}\)"
# Sees each function as the programmer wrote it: nothing inlined, nothing left out because the optimizer knows better.
FLAGS = ["-w", "-O0", "-g0", "-DCORUN_CALL_GRAPH", "-fcallgraph-info", "-fexceptions"]


@dataclasses.dataclass
class Call:
    callee: str
    place: str  # file:line:column; empty where the compiler made it up


@dataclasses.dataclass
class Scope:
    """A block that a corun::no_yield guards, and the calls in it."""
    place: str
    calls: list


@dataclasses.dataclass
class Function:
    name: str  # mangled
    place: str = ""  # file:line:column
    has_body: bool = False
    is_noexcept: bool = False
    calls: list = dataclasses.field(default_factory=list)
    scopes: list = dataclasses.field(default_factory=list)

    @property
    def is_destructor(self):
        return re.search(r"D[012]Ev$", self.name) is not None

    @property
    def file(self):
        return self.place.rsplit(":", 2)[0]


def is_known_to(compiler):
    """Whether a compiler has the flags; clang has not."""
    try:
        return subprocess.run([compiler, *FLAGS, "-E", "-x", "c++", "/dev/null"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class CallGraph:
    def __init__(self):
        self.functions = {}
        self.readable = {}

    def add_source(self, compiler, source, flags, folder):
        """Compiles a source file, and adds what it defines and calls. Raises subprocess.CalledProcessError."""
        output = folder / f"{len(list(folder.glob('*.ci')))}.s"
        dump = output.with_suffix(".lower")
        subprocess.run([compiler, *flags, *FLAGS, f"-fdump-tree-lower-lineno-asmname={dump}", "-S", "-o", output, source], check=True)
        self.read_calls(output.with_suffix(".ci").read_text(errors="replace"), source)
        self.read_bodies(dump, source)
        dump.unlink()

    def finish(self):
        """After the last source: constructors and destructors go by several names, of which one has the body."""
        for function in self.functions.values():
            for call in function.calls:
                call.callee = self.with_body(call.callee)
        names = list(self.functions)
        shown = subprocess.run(["c++filt"], input="\n".join(map(symbol_of, names)), capture_output=True, text=True, check=True)
        self.readable = dict(zip(names, map(shorten, shown.stdout.split("\n"))))

    def with_body(self, name):
        for other in (name, re.sub(r"D[01]Ev$", "D2Ev", name), re.sub(r"D0Ev$", "D1Ev", name), re.sub(r"C1(?=[EI])", "C2", name)):
            if other in self.functions and self.functions[other].has_body:
                return other
        return name

    def read_calls(self, text, source):
        for line in text.splitlines():
            if node := NODE.match(line):
                title, label, is_declaration = node.groups()
                function = self.function(key_of(title, source))
                parts = label.split("\\n")
                if len(parts) > 1 and (not is_declaration or not function.place):
                    function.place = parts[1]
                function.has_body |= not is_declaration
            elif edge := EDGE.match(line):
                caller, callee, place = edge.groups()
                self.function(key_of(caller, source)).calls.append(Call(key_of(callee, source), place or ""))

    def read_bodies(self, dump, source):
        function, body = None, []
        with open(dump, errors="replace") as lines:
            for line in lines:
                if header := HEADER.match(line):
                    self.read_body(function, body)
                    function, body = self.functions.get(key_of(header[1], source)), []
                else:
                    body.append(STATEMENT.match(line.rstrip("\n")).groups())
        self.read_body(function, body)

    def read_body(self, function, body):
        if function is None or not function.has_body:
            return
        for number, (indent, _, text) in enumerate(body):
            if text.startswith("<<<eh_must_not_throw (") and len(indent) == 6:
                # Around the whole function, which its place shows: it is noexcept.
                function.is_noexcept |= any(i == "  " and at == function.place and t == "try" for i, at, t in body[:number])
            elif guard := re.search(r"\bstruct no_yield ([\w.]+);", text):
                function.scopes += scopes_of(function, body, guard[1])

    def function(self, name):
        return self.functions.setdefault(name, Function(name))


def scopes_of(function, body, guard):
    """The blocks between the construction of a no_yield and its destruction, in the `finally` of a `try`."""
    found = []
    for number, (indent, place, text) in enumerate(body):
        if not re.search(DESTRUCTION.format(re.escape(guard)), text):
            continue
        middle = next((n for n in range(number, -1, -1) if body[n][2] == "finally" and len(body[n][0]) < len(indent)), None)
        if middle is None:
            continue
        begin = next(n for n in range(middle, -1, -1) if body[n][2] == "try" and body[n][0] == body[middle][0])
        made = next((at for _, at, t in reversed(body[:begin]) if re.search(CONSTRUCTION.format(re.escape(guard)), t)), place)
        inside = {}
        for _, at, t in body[begin:middle]:
            inside[at] = inside.get(at, "") + t
        found.append(Scope(made, [call for call in function.calls if call.place in inside and names(inside[call.place], call.callee)]))
    return found


def symbol_of(key):
    return key.rsplit(":", 1)[-1]


def key_of(title, source):
    """The assembler's name; what is internal to its source file keeps that in front."""
    symbol = symbol_of(title)
    is_internal = "_GLOBAL__N_" in symbol or re.match(r"_Z+(N?K?)L", symbol) or (":" in title and not symbol.startswith("_Z"))
    return f"{pathlib.Path(source).name}:{symbol}" if is_internal else symbol


def names(text, callee):
    """Whether a lowered statement calls it. Where the compiler has not decided on a symbol yet, the dump has the bare name."""
    symbol = symbol_of(callee)
    if symbol == INDIRECT or symbol in text:
        return True
    if re.search(r"\b(operator|__conv_op)\b", text):  # of a lambda, for example; statements that share their place are taken together
        return True
    if "__dt_" in text and re.search(r"D[012]Ev$", symbol) or "__ct_" in text and re.search(r"C[12][EI]", symbol):
        return True
    return any(f"{len(word)}{word}" in symbol or word == symbol for word in re.findall(r"([A-Za-z_]\w*) \(", text))


def shorten(readable):
    """Without what makes templates unreadable, and with the right name for a lambda's destructor, which c++filt calls by another's."""
    readable = re.sub(r"(\{lambda\(.*\)#\d+\})::~\w+\(\)$", r"\1::~{lambda}()", readable.replace("[abi:cxx11]", ""))
    return readable if len(readable) <= 100 else readable[:99] + "…"
