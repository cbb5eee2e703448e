// What the device tree says about a hart: the ISA string, the list of extensions, the kind of MMU.
#include <algorithm>
#include <vector>

#include "guest/riscv/context.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

/// What always holds here, as the profiles name it: memory is coherent and cached, all of it takes atomics and
/// misaligned accesses, trap values are written, page tables that become valid are seen without a fence.
constexpr std::string_view kProperties[] = {"zic64b",  "ziccamoa",     "ziccif",  "zicclsm", "ziccrse", "za64rs",
                                            "ssccptr", "sscounterenw", "sstvala", "sstvecd", "ssu64xl", "svvptc"};

}  // namespace

/// Extensions with a letter, those of user mode, those of the privileged architecture: each in the order of the table.
guest::HartDescription describe_hart() {
    using enum Extension;
    const ExtensionSet& on = extensions();
    guest::HartDescription d;
    d.isa = "rv64";
    std::vector<std::string_view> names;
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension e = static_cast<Extension>(i);
        if (!on.has(e) || e == S || e == Pmp || e == Sv39 || e == Sv48 || e == Sv57) continue;
        names.push_back(extension_name(e));
    }
    for (std::string_view property : kProperties) {
        if (on.has(S) || property[0] != 's') names.push_back(property);
    }
    std::stable_partition(names.begin(), names.end(), [](std::string_view name) { return name[0] != 's'; });
    for (std::string_view name : names) {
        if (name.size() > 1) d.isa += '_';
        d.isa += name;
        d.extensions.emplace_back(name);
    }
    d.mmu_type = on.has(Sv57) ? "riscv,sv57" : on.has(Sv48) ? "riscv,sv48" : on.has(Sv39) ? "riscv,sv39" : "riscv,none";
    d.cache_block_bytes = on.has(Zicbom) || on.has(Zicboz) ? kCacheBlock : 0;
    return d;
}

}  // namespace dragoman::riscv
