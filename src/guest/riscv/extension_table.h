// The RISC-V extensions, one row each: the one list that -cpu, ISA strings, device trees, HWCAP, hwprobe and misa are
// made from.
//
// Rows are in the order of ISA strings (Unprivileged specification, "Subset Naming Convention"): single letters, then
// Z..., those of the same category together and the categories in the order of the letters, then S..., then X....
//
//  X(enumerator, name as -cpu and ISA strings spell it, kind, hwprobe, extensions that it needs and brings along)
//
// Kinds:
//  User    executed, and seen by user programs
//  System  executed, of the privileged architecture: machines only
//  Knob    the same, but a switch of -cpu only and not in ISA strings
//  Base    the width of the integer registers (XLEN): what a model has for good; no switch, and not in lists of names
//  Absent  not executed: known by its name, never on; SystemAbsent is the same of the privileged architecture
// UserSum and SystemSum are names for what they need: on as soon as all of that is on, unless turned off.
//
// hwprobe: bit n of RISCV_HWPROBE_KEY_IMA_EXT_0 or _1, as key0(n) or key1(n); kNone when Linux has no bit.
#pragma once

// clang-format off
#define DRAGOMAN_RISCV_EXTENSIONS(X)                       \
    X(I, "i", User, kNone, )                               \
    X(E, "e", User, kNone, )                               \
    X(M, "m", User, kNone, Zmmul)                          \
    X(A, "a", UserSum, kNone, Zaamo, Zalrsc)               \
    X(F, "f", User, kNone, Zicsr)                          \
    X(D, "d", User, key0(0), F)                            \
    X(C, "c", User, key0(1), Zca)                          \
    X(B, "b", UserSum, kNone, Zba, Zbb, Zbs)               \
    X(V, "v", User, key0(2), Zve64d)                       \
    X(H, "h", System, kNone, S, Sm1p12)                      \
    X(Zic64b, "zic64b", User, kNone, )                     \
    X(Zicbom, "zicbom", User, key0(55), )                  \
    X(Zicbop, "zicbop", User, key0(60), )                  \
    X(Zicboz, "zicboz", User, key0(6), )                   \
    X(Ziccamoa, "ziccamoa", User, key1(2), Zaamo)          \
    X(Ziccif, "ziccif", User, key1(3), )                   \
    X(Zicclsm, "zicclsm", User, key1(1), )                 \
    X(Ziccrse, "ziccrse", User, key1(4), Zalrsc)           \
    X(Zicfilp, "zicfilp", User, key0(63), Zicsr)         \
    X(Zicfiss, "zicfiss", User, key1(0), Zicsr, Zimop, Zaamo) \
    X(Zicntr, "zicntr", User, key0(50), Zicsr)             \
    X(Zicond, "zicond", User, key0(35), )                  \
    X(Zicsr, "zicsr", User, kNone, )                       \
    X(Zifencei, "zifencei", User, kNone, )                 \
    X(Zihintntl, "zihintntl", User, key0(29), )            \
    X(Zihintpause, "zihintpause", User, key0(36), )        \
    X(Zihpm, "zihpm", User, key0(51), Zicsr)               \
    X(Zilsd, "zilsd", Absent, key0(61), )                  \
    X(Zimop, "zimop", User, key0(42), )                    \
    X(Zmmul, "zmmul", User, kNone, )                       \
    X(Za64rs, "za64rs", User, key1(5), Zalrsc)             \
    X(Zaamo, "zaamo", User, key0(56), )                    \
    X(Zabha, "zabha", User, key0(58), Zaamo)               \
    X(Zacas, "zacas", User, key0(34), Zaamo)               \
    X(Zalasr, "zalasr", User, key0(59), )                  \
    X(Zalrsc, "zalrsc", User, key0(57), )                  \
    X(Zama16b, "zama16b", User, kNone, Zaamo)              \
    X(Zawrs, "zawrs", User, key0(48), Zalrsc)              \
    X(Zfa, "zfa", User, key0(32), F)                       \
    X(Zfbfmin, "zfbfmin", User, key0(52), F)               \
    X(Zfh, "zfh", User, key0(27), Zfhmin)                  \
    X(Zfhmin, "zfhmin", User, key0(28), F)                 \
    X(Zfinx, "zfinx", User, kNone, Zicsr)                  \
    X(Zdinx, "zdinx", User, kNone, Zfinx)                  \
    X(Zca, "zca", User, key0(43), )                        \
    X(Zcb, "zcb", User, key0(44), Zca)                     \
    X(Zcd, "zcd", UserSum, key0(45), C, D)                 \
    X(Zce, "zce", UserSum, kNone, Zcb, Zcmp, Zcmt)         \
    X(Zcf, "zcf", UserSum, key0(46), C, F, Rv32)            \
    X(Zclsd, "zclsd", Absent, key0(62), Zca, Zilsd)        \
    X(Zcmop, "zcmop", User, key0(47), Zca)                 \
    X(Zcmp, "zcmp", User, kNone, Zca)                      \
    X(Zcmt, "zcmt", User, kNone, Zca, Zicsr)               \
    X(Zba, "zba", User, key0(3), )                         \
    X(Zbb, "zbb", User, key0(4), )                         \
    X(Zbc, "zbc", User, key0(7), )                         \
    X(Zbkb, "zbkb", User, key0(8), )                       \
    X(Zbkc, "zbkc", User, key0(9), )                       \
    X(Zbkx, "zbkx", User, key0(10), )                      \
    X(Zbs, "zbs", User, key0(5), )                         \
    X(Zk, "zk", UserSum, kNone, Zkn, Zkr, Zkt)             \
    X(Zkn, "zkn", UserSum, kNone, Zbkb, Zbkc, Zbkx, Zknd, Zkne, Zknh) \
    X(Zknd, "zknd", User, key0(11), )                      \
    X(Zkne, "zkne", User, key0(12), )                      \
    X(Zknh, "zknh", User, key0(13), )                      \
    X(Zkr, "zkr", User, kNone, Zicsr)                      \
    X(Zks, "zks", UserSum, kNone, Zbkb, Zbkc, Zbkx, Zksed, Zksh) \
    X(Zksed, "zksed", User, key0(14), )                    \
    X(Zksh, "zksh", User, key0(15), )                      \
    X(Zkt, "zkt", User, key0(16), )                        \
    X(Ztso, "ztso", User, key0(33), )                      \
    X(Zvbb, "zvbb", User, key0(17), Zvkb)                  \
    X(Zvbc, "zvbc", User, key0(18), Zve64x)                \
    X(Zve32f, "zve32f", User, key0(38), Zve32x, F)         \
    X(Zve32x, "zve32x", User, key0(37), Zicsr)             \
    X(Zve64d, "zve64d", User, key0(41), Zve64f, D)         \
    X(Zve64f, "zve64f", User, key0(40), Zve64x, Zve32f)    \
    X(Zve64x, "zve64x", User, key0(39), Zve32x)            \
    X(Zvfbfa, "zvfbfa", Absent, kNone, Zve32f, Zfbfmin)    \
    X(Zvfbfmin, "zvfbfmin", User, key0(53), Zve32f)        \
    X(Zvfbfwma, "zvfbfwma", User, key0(54), Zvfbfmin, Zfbfmin) \
    X(Zvfh, "zvfh", User, key0(30), Zvfhmin, Zfhmin)       \
    X(Zvfhmin, "zvfhmin", User, key0(31), Zve32f)          \
    X(Zvkb, "zvkb", User, key0(19), Zve32x)                \
    X(Zvkg, "zvkg", User, key0(20), Zve32x)                \
    X(Zvkn, "zvkn", UserSum, kNone, Zvkned, Zvknhb, Zvkb, Zvkt) \
    X(Zvknc, "zvknc", UserSum, kNone, Zvkn, Zvbc)          \
    X(Zvkned, "zvkned", User, key0(21), Zve32x)            \
    X(Zvkng, "zvkng", UserSum, kNone, Zvkn, Zvkg)          \
    X(Zvknha, "zvknha", User, key0(22), Zve32x)            \
    X(Zvknhb, "zvknhb", User, key0(23), Zve64x)            \
    X(Zvks, "zvks", UserSum, kNone, Zvksed, Zvksh, Zvkb, Zvkt) \
    X(Zvksc, "zvksc", UserSum, kNone, Zvks, Zvbc)          \
    X(Zvksed, "zvksed", User, key0(24), Zve32x)            \
    X(Zvksg, "zvksg", UserSum, kNone, Zvks, Zvkg)          \
    X(Zvksh, "zvksh", User, key0(25), Zve32x)              \
    X(Zvkt, "zvkt", User, key0(26), )                      \
    X(Zhinx, "zhinx", User, kNone, Zhinxmin)               \
    X(Zhinxmin, "zhinxmin", User, kNone, Zfinx)            \
    X(Sdtrig, "sdtrig", System, kNone, )                   \
    X(Sha, "sha", SystemSum, kNone, H, Ssstateen, Shcounterenw, Shgatpa, Shtvala, Shvsatpa, Shvstvala, Shvstvecd) \
    X(Shcounterenw, "shcounterenw", System, kNone, H) \
    X(Shgatpa, "shgatpa", System, kNone, H)          \
    X(Shtvala, "shtvala", System, kNone, H)          \
    X(Shvsatpa, "shvsatpa", System, kNone, H)        \
    X(Shvstvala, "shvstvala", System, kNone, H)      \
    X(Shvstvecd, "shvstvecd", System, kNone, H)      \
    X(Smaia, "smaia", System, kNone, )                     \
    X(Smcdeleg, "smcdeleg", System, kNone, Smcsrind) \
    X(Smcntrpmf, "smcntrpmf", System, kNone, )       \
    X(Smcsrind, "smcsrind", System, kNone, Sscsrind) \
    X(Smctr, "smctr", System, kNone, Ssctr)          \
    X(Smdbltrp, "smdbltrp", System, kNone, )         \
    X(Smepmp, "smepmp", System, kNone, Pmp)                \
    X(Smmpm, "smmpm", System, kNone, )                     \
    X(Smnpm, "smnpm", System, kNone, )                     \
    X(Smpmpmt, "smpmpmt", System, kNone, Pmp)        \
    X(Smrnmi, "smrnmi", System, kNone, )             \
    X(Smstateen, "smstateen", System, kNone, S, Sm1p12)    \
    X(Ssaia, "ssaia", System, kNone, S)                    \
    X(Ssccfg, "ssccfg", System, kNone, Smcdeleg)     \
    X(Ssccptr, "ssccptr", System, kNone, S)                \
    X(Sscofpmf, "sscofpmf", System, kNone, Zihpm)          \
    X(Sscounterenw, "sscounterenw", System, kNone, S)      \
    X(Sscsrind, "sscsrind", System, kNone, S)        \
    X(Ssctr, "ssctr", System, kNone, Sscsrind)       \
    X(Ssdbltrp, "ssdbltrp", System, kNone, S)        \
    X(Ssnpm, "ssnpm", System, kNone, S)                    \
    X(Sspm, "sspm", System, kNone, Smmpm)                  \
    X(Ssqosid, "ssqosid", System, kNone, S)                \
    X(Ssstateen, "ssstateen", SystemSum, kNone, Smstateen) \
    X(Ssstrict, "ssstrict", System, kNone, S)              \
    X(Sstc, "sstc", System, kNone, S, Sm1p12)              \
    X(Sstvala, "sstvala", System, kNone, S)                \
    X(Sstvecd, "sstvecd", System, kNone, S)                \
    X(Ssu64xl, "ssu64xl", System, kNone, S)                \
    X(Supm, "supm", User, key0(49), )                      \
    X(Svade, "svade", System, kNone, )                     \
    X(Svadu, "svadu", System, kNone, Sm1p12)               \
    X(Svinval, "svinval", System, kNone, S)                \
    X(Svnapot, "svnapot", System, kNone, S)                \
    X(Svpbmt, "svpbmt", System, kNone, S, Sm1p12)          \
    X(Svrsw60t59b, "svrsw60t59b", System, kNone, Sv39)  \
    X(Svukte, "x-svukte", SystemAbsent, kNone, S)          \
    X(Svvptc, "svvptc", System, kNone, S)                  \
    X(Xlrbr, "xlrbr", User, kNone, )                       \
    X(Xmipscbop, "xmipscbop", User, kNone, )               \
    X(Xmipscmov, "xmipscmov", User, kNone, )               \
    X(Xmipslsp, "xmipslsp", User, kNone, )                 \
    X(Xtheadba, "xtheadba", User, kNone, )                 \
    X(Xtheadbb, "xtheadbb", User, kNone, )                 \
    X(Xtheadbs, "xtheadbs", User, kNone, )                 \
    X(Xtheadcmo, "xtheadcmo", User, kNone, )               \
    X(Xtheadcondmov, "xtheadcondmov", User, kNone, )       \
    X(Xtheadfmemidx, "xtheadfmemidx", User, kNone, F)      \
    X(Xtheadfmv, "xtheadfmv", User, kNone, D)              \
    X(Xtheadmac, "xtheadmac", User, kNone, )               \
    X(Xtheadmemidx, "xtheadmemidx", User, kNone, )         \
    X(Xtheadmempair, "xtheadmempair", User, kNone, )       \
    X(Xtheadsync, "xtheadsync", User, kNone, )             \
    X(Xventanacondops, "xventanacondops", User, kNone, )   \
    /* Versions of the privileged architecture, and what its machines are made of */ \
    X(Sm1p11, "sm1p11", Knob, kNone, )                     \
    X(Sm1p12, "sm1p12", Knob, kNone, Sm1p11)               \
    X(S, "s", Knob, kNone, Zicsr)                          \
    X(Pmp, "pmp", Knob, kNone, )                           \
    X(Sv32, "sv32", Knob, kNone, S, Rv32)                  \
    X(Sv39, "sv39", Knob, kNone, S)                        \
    X(Sv48, "sv48", Knob, kNone, Sv39)                     \
    X(Sv57, "sv57", Knob, kNone, Sv48)                     \
    /* The base: its width */                              \
    X(Rv32, "rv32", Base, kNone, )                         \
    X(Rv64, "rv64", Base, kNone, )
// clang-format on
