// What the device tree says about a hart: the ISA string, the list of extensions, the kind of MMU.
#include "guest/riscv/context.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

/// What always holds here, as the profiles name it: memory is coherent and cached, all of it takes atomics and
/// misaligned accesses, trap values are written, page tables that become valid are seen without a fence.
constexpr std::string_view kProperties[] = {"zic64b",  "ziccamoa",     "ziccif",  "zicclsm", "ziccrse", "za64rs",
                                            "ssccptr", "sscounterenw", "sstvala", "sstvecd", "ssu64xl", "svvptc"};

}  // namespace

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
    auto add = [&](std::string_view name) {
        d.isa += '_';
        d.isa += name;
        d.extensions.emplace_back(name);
    };
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension e = static_cast<Extension>(i);
        bool named = extension_name(e).size() > 1 && e != Pmp && e != Sv39 && e != Sv48 && e != Sv57;
        if (on.has(e) && named) add(extension_name(e));
    }
    for (std::string_view property : kProperties) {
        if (on.has(S) || property[0] != 's') add(property);
    }
    d.mmu_type = on.has(Sv57) ? "riscv,sv57" : on.has(Sv48) ? "riscv,sv48" : on.has(Sv39) ? "riscv,sv39" : "riscv,none";
    d.cache_block_bytes = on.has(Zicbom) || on.has(Zicboz) ? kCacheBlock : 0;
    return d;
}

}  // namespace dragoman::riscv
