#!/usr/bin/env python3
"""generate.py SEED COUNT: body.inc for runtime.S, COUNT random steps that change and use privileged state:
modes, CSRs, page tables, memory protection, address spaces, accesses and jumps under all of them."""
import random
import sys

DATA = 0x100000000
PHYSICAL = 0x80400000  # the pages that the data pages may be mapped to
REGISTERS = "a0 a1 a2 a3 a4 a5 a6 t0 t1 t2".split()

r = random.Random(int(sys.argv[1]))
lines = []


def emit(text):
    lines.extend("    " + line.strip() for line in text.split(";"))


def register():
    return r.choice(REGISTERS)


def value():
    return r.choice([0, r.getrandbits(64), (1 << 64) - 1, 1 << r.randrange(64), r.getrandbits(12)])


def change_mode(mode):
    emit("li a7, 99; ecall; li a7, 0")
    if mode == "M":
        return
    emit(f"li t6, 3 << 11; csrc mstatus, t6; li t6, {dict(S=1, U=0)[mode] << 11}; csrs mstatus, t6; la t6, 9f")
    if mode == "U":
        emit("csrr t5, satp; beqz t5, 8f; li t5, 0x40000000; add t6, t6, t5")
        lines.append("8:")
    emit("csrw mepc, t6; mret")
    lines.append("9:")


def access():
    page = r.randrange(8) * 4096
    base = r.choice([DATA + page] * 3 + [PHYSICAL + page, PHYSICAL + 0x40000000 + page, 0x1000000, 1 << 40])
    offset = r.choice([0, 8, 0x7f8, 0xff8, 0xffc, 0xffd, r.randrange(4096)])
    if base in (0x1000000, 1 << 40) or r.random() < 0.8:
        offset &= ~7
    emit(f"li t6, {base + offset:#x}")
    op = r.choice("ld lw lbu lh sd sw sb fld fsd lr.d amoadd.d amoswap.w cbo.zero".split())
    if op in ("fld", "fsd"):
        emit(f"{op} f{r.randrange(8)}, (t6)")
    elif op.startswith("amo"):
        emit(f"{op} {register()}, {register()}, (t6)")
    elif op == "cbo.zero":
        emit(".4byte 0x0040200f | (31 << 15)")
    else:
        emit(f"{op} {register()}, (t6)")


# Name and the bits that may be written. Left out: what counts, what would lose the handlers, interrupts.
CSRS = [("mscratch", None), ("sscratch", None), ("stval", None), ("scause", None), ("mtval", None), ("mcause", None),
        ("sepc", ~3), ("mepc", ~3), ("mstatus", 0x3e79a0), ("mstatus", 0x3e6100), ("sstatus", 0xc6120),
        ("sstatus", 0x6000), ("medeleg", 0xb0ff), ("fcsr", 0xff), ("frm", 7), ("fflags", 31), ("mcounteren", 7),
        ("scounteren", 7), ("menvcfg", 1 << 61 | 0xd1), ("senvcfg", 0xd1), ("misa", 0), ("mhartid", 0), ("sie", 0),
        ("time", 0), ("cycle", 0), ("0x7ff", 0), ("0x9ff", 0), ("0x680", 0)]


def csr():
    name, mask = r.choice(CSRS)
    if mask == 0:
        return emit(f"csrr zero, {name}")
    bits = value() if mask is None else value() & mask
    if name == "mstatus" and bits >> 11 & 3 == 2:
        bits &= ~(3 << 11)
    emit(f"li t6, {bits & (1 << 64) - 1:#x}")
    op = r.choice(["csrrs", "csrrc"] if name == "mstatus" else ["csrrw", "csrrs", "csrrc"])
    emit(f"{op} {register()}, {name}, t6")


def address_space():
    if r.random() < 0.3:
        return emit("csrw satp, zero")
    satp = 8 << 60 | r.randrange(4) << 44
    emit(f"la t6, root; srli t6, t6, 12; li t5, {satp:#x}; or t6, t6, t5; csrw satp, t6; sfence.vma")


def page_table_entry():
    flags = r.choice([0x01, 0x0f, 0xcf, 0xdf, 0xc7, 0xd7, 0x47, 0x57, 0x43, 0x49, 0xc9, 0x07, 0x17, 0x05, 0, 0x4b, 0x5b,
                      r.getrandbits(8)])
    high = r.choice([0] * 12 + [1 << 54, 1 << 63, 1 << 61])
    entry = (PHYSICAL + r.randrange(8) * 4096) >> 2 | flags | high
    emit(f"li t6, {entry:#x}; la t5, l0; sd t6, {8 * r.randrange(8)}(t5); sfence.vma")


def protection():
    n = r.randrange(4)
    config = r.choice([0, 0x18, 0x19, 0x1b, 0x1f, 0x1c, 0x1d])
    address = (PHYSICAL + r.randrange(8) * 4096) >> 2 | r.choice([0x1ff, 0x1ff, 0x3ff, 0x7ff])
    emit(f"li t6, {address:#x}; csrw pmpaddr{n}, t6; li t6, {0xff << 8 * n:#x}; csrc pmpcfg0, t6")
    emit(f"li t6, {config << 8 * n:#x}; csrs pmpcfg0, t6; sfence.vma")


def jump():
    target = r.choice([DATA, PHYSICAL]) + r.randrange(8) * 4096
    emit(f"li a7, 77; li t6, {target:#x}; la ra, 9f; jalr ra, (t6)")
    lines.append("9:")
    emit("li a7, 0")


def other():
    f = [f"f{r.randrange(8)}" for _ in range(3)]
    emit(r.choice([f"fadd.d {f[0]}, {f[1]}, {f[2]}", f"fmv.x.d {register()}, {f[0]}", f"fcvt.d.l {f[0]}, {register()}",
                   f"add {register()}, {register()}, {register()}", "sfence.vma", "fence.i", ".4byte 0xffffffff",
                   "ecall", ".4byte 0x00100073"]))


for name in REGISTERS:
    emit(f"li {name}, {r.getrandbits(64):#x}")
for n in range(8):
    emit(f"fmv.d.x f{n}, {register()}")
change_mode("M")
STEPS = [(8, lambda: change_mode(r.choice("MSSU"))), (37, access), (22, csr), (4, address_space),
         (8, page_table_entry), (4, protection), (4, jump), (13, other)]
for step in r.choices([s for _, s in STEPS], [w for w, _ in STEPS], k=int(sys.argv[2])):
    step()
print("\n".join(lines))
