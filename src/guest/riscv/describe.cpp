// What is said about a hart in words: the ISA string, the list of extensions, the kind of MMU.
#include "guest/riscv/context.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

template <class F>
void for_each_name(const ExtensionSet& extensions, F f) {
    for_each(extensions, [&](Extension e) {
        if (extension_info(e).in_isa_string()) f(extension_info(e).name);
    });
}

}  // namespace

std::string Model::isa_string() const {
    std::string isa = "rv" + std::to_string(xlen());
    for_each_name(extensions(), [&](std::string_view name) {
        if (name.size() > 1) isa += '_';
        isa += name;
    });
    return isa;
}

HartDescription Model::describe_hart() const {
    using enum Extension;
    const ExtensionSet& on = extensions();
    HartDescription d;
    d.isa = isa_string();
    d.isa_base = "rv" + std::to_string(xlen()) + "i";
    for_each_name(extensions(), [&](std::string_view name) { d.extensions.emplace_back(name); });
    d.mmu_type = on.has(Sv57)   ? "riscv,sv57"
                 : on.has(Sv48) ? "riscv,sv48"
                 : on.has(Sv39) ? "riscv,sv39"
                 : on.has(Sv32) ? "riscv,sv32"
                                : "riscv,none";
    d.cache_block_bytes = on.has(Zicbom) || on.has(Zicboz) ? kCacheBlock : 0;
    return d;
}

}  // namespace dragoman::riscv
