# Commands for debugging Dragoman itself (build with debug information: cmake --preset debug).
#
#   tb ADDRESS    the translation block at a guest address, or the one whose host code contains the address: what it was
#                 made from, its links, and its host code with the guest instructions that the pieces belong to
#   tbs           all translation blocks, by guest address
#
# Both ask the engine of the selected thread, which has to run guest code. Signals that are part of normal operation
# (stores to pages with translated code, faults of the guest) do not stop the program.
handle SIGSEGV SIGBUS nostop noprint pass

python
import gdb

def engine():
    """The Engine::Impl that the selected thread works for."""
    for name in ('dragoman::linux_abi::(anonymous namespace)::current_task',
                 'dragoman::engine::(anonymous namespace)::running'):
        try:
            value = gdb.parse_and_eval("'%s'" % name)
        except gdb.error:
            continue
        if int(value) == 0:
            continue
        env = value['env'] if name.endswith('current_task') else value
        vcpu = gdb.lookup_type('dragoman::engine::Vcpu').pointer()
        if int(env['vcpu']) != 0:
            return env['vcpu'].cast(vcpu)['engine']
    raise gdb.GdbError('the selected thread runs no guest code (select one that does with "thread N")')

def atomic(value):
    """The value of a std::atomic."""
    for field in value.type.strip_typedefs().fields():
        if field.name in ('_M_i', '_M_b', '_M_base') or field.is_base_class:
            return atomic(value[field])
        if field.name == '_M_p':
            return value[field]
    return value

def leaf(value):
    return atomic(value) if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT else value

def blocks():
    """All translation blocks of the hash table."""
    table = leaf(engine()['table']['table_']).dereference()
    kind = gdb.lookup_type('dragoman::engine::TranslationBlock').pointer()
    buckets = table['buckets'].address.cast(gdb.lookup_type('unsigned long').pointer())
    for i in range(int(table['mask']) + 1):
        head = buckets[i]
        while int(head) != 0:
            tb = head.cast(gdb.lookup_type('dragoman::host::BlockHead').pointer()).cast(kind).dereference()
            yield tb
            head = leaf(tb['next']).cast(gdb.lookup_type('unsigned long'))

def insn_map(tb):
    """Host offset and guest address of each guest instruction that may fault (src/engine/translate/insn_map.cpp)."""
    size = int(tb['insn_map_size'])
    data = bytes(gdb.selected_inferior().read_memory(int(tb['insn_map']), size)) if size else b''
    at = host = offset = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def skip_state():
        """Steps over an encoded state map (src/ir/state_map.cpp)."""
        nonlocal at
        for _ in range(number()):
            number()
            head = data[at]
            at += 1
            if head & 7 in (0, 1, 2, 6):
                number()
            for bit in (16, 32):
                if head & bit:
                    number()

    while at < len(data):
        if at == 0:
            host = number()
            if host & 1:
                skip_state()
            host >>= 1
        else:
            host += number()
        packed = number()
        zigzag = packed >> 1
        offset += zigzag >> 1 if zigzag & 1 == 0 else -(zigzag >> 1) - 1
        if packed & 1:
            skip_state()
        yield host, int(tb['pc']) + offset

def line(tb):
    code = int(tb['code'])
    return 'guest 0x%x + %d, flags 0x%x, %d instructions, host 0x%x + %d' % (
        int(tb['pc']), int(tb['guest_size']), int(tb['flags']), int(tb['guest_insns']), code, int(tb['code_size']))

class TbCommand(gdb.Command):
    """tb ADDRESS: the translation blocks at a guest or host address."""

    def __init__(self):
        super().__init__('tb', gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError('tb: which address? (a guest address, or one of host code)')
        address = int(gdb.parse_and_eval(argument)) & (2**64 - 1)
        found = False
        for tb in blocks():
            code, size = int(tb['code']), int(tb['code_size'])
            if int(tb['pc']) != address and not code <= address < code + size:
                continue
            found = True
            self.show(tb, code, size)
        if not found:
            raise gdb.GdbError('no translation block at 0x%x' % address)

    def show(self, tb, code, size):
        print('TB at 0x%x: %s' % (int(tb.address), line(tb)))
        print('  entries: fast 0x%x, checked 0x%x%s' % (code + int(tb['entry']), int(tb['target']),
                                                       ', loop' if int(tb['flags']) >> 31 else ''))
        for i in range(int(tb['slot_count'])):
            slot = tb['slots'][i]
            if not bool(slot['slot']['used']):
                continue
            target = int(slot['target'])
            state = 'linked to the TB at 0x%x' % target if target else 'not linked'
            print('  slot %d: to guest 0x%x, %s' % (i, int(slot['slot']['target_pc']), state))
        pieces = dict(insn_map(tb))
        for insn in gdb.selected_inferior().architecture().disassemble(code, code + size - 1):
            offset = insn['addr'] - code
            if offset in pieces:
                print('  ---- guest 0x%x' % pieces[offset])
            print('  0x%x  %s' % (insn['addr'], insn['asm']))

class TbsCommand(gdb.Command):
    """tbs: all translation blocks of the selected thread's engine."""

    def __init__(self):
        super().__init__('tbs', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for tb in sorted(blocks(), key=lambda tb: int(tb['pc'])):
            print(line(tb))

TbCommand()
TbsCommand()
end
