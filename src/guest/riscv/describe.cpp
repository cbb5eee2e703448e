// What the device tree says about a hart: the ISA string, the list of extensions, the kind of MMU.
#include "guest/riscv/context.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

/// Extensions with a letter, in canonical order; then those with a name, in the order of the extension table.
guest::HartDescription describe_hart() {
    const ExtensionSet& on = extensions();
    guest::HartDescription d;
    d.isa = "rv64";
    using enum Extension;
    for (Extension e : {I, M, A, F, D, C}) {
        if (!on.has(e)) continue;
        d.isa += extension_name(e);
        d.extensions.emplace_back(extension_name(e));
    }
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension e = static_cast<Extension>(i);
        bool named = extension_name(e).size() > 1 && e != Pmp && e != Sv39 && e != Sv48 && e != Sv57;
        if (!on.has(e) || !named) continue;
        d.isa += '_';
        d.isa += extension_name(e);
        d.extensions.emplace_back(extension_name(e));
    }
    d.mmu_type = on.has(Sv57) ? "riscv,sv57" : on.has(Sv48) ? "riscv,sv48" : on.has(Sv39) ? "riscv,sv39" : "riscv,none";
    d.cache_block_bytes = on.has(Zicbom) || on.has(Zicboz) ? kCacheBlock : 0;
    return d;
}

}  // namespace dragoman::riscv
