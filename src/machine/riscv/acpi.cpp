#include "machine/riscv/acpi.h"

#include <bit>

#include "guest/riscv/model.h"

namespace dragoman::machine::acpi {

namespace {

enum Controller : u8 { kHart = 0x18, kImsic = 0x19, kAplic = 0x1a, kPlic = 0x1b };
enum Capability : u16 { kIsaString = 0, kCacheBlocks = 1, kMmu = 2, kHartInfo = 0xffff };
constexpr u32 kImsicPage = 0x1000;

Bytes imsic_structure(const InterruptControllers& c) {
    const u8 guest_bits = static_cast<u8>(std::bit_width(c.guest_files));
    const u8 hart_bits = static_cast<u8>(std::bit_width(c.harts - 1));
    return Writer()
        .u8s({kImsic, 16, 1, 0})
        .number(0, 4)
        .number(c.identities, 2)
        .number(c.identities, 2)
        .u8s({guest_bits, hart_bits, 0, 24})  // one group; their number would begin at bit 24 of addresses
        .take();
}

Bytes aplic_structure(const InterruptControllers& c) {
    return Writer()
        .u8s({kAplic, 36, 1, 0})
        .number(0, 4)
        .zeros(8)
        .number(c.imsic.size == 0 ? c.harts : 0, 2)
        .number(c.sources, 2)
        .number(0, 4)
        .number(c.aplic.base, 8)
        .number(c.aplic.size, 4)
        .take();
}

Bytes plic_structure(const InterruptControllers& c) {
    return Writer()
        .u8s({kPlic, 36, 1, 0})
        .zeros(8)
        .number(c.sources, 2)
        .number(0, 2)
        .number(0, 4)
        .number(c.plic.size, 4)
        .number(c.plic.base, 8)
        .number(0, 4)
        .take();
}

/// How RHCT numbers the kinds of virtual memory, from the device tree's name; none for harts without.
std::optional<u8> mmu_number(std::string_view device_tree_name) {
    if (device_tree_name == "riscv,sv39") return 0;
    if (device_tree_name == "riscv,sv48") return 1;
    if (device_tree_name == "riscv,sv57") return 2;
    return std::nullopt;
}

}  // namespace

Bytes hart_controller(const InterruptControllers& c, unsigned hart) {
    // The number of a hart's way to supervisors at the external controller: a PLIC's contexts are M, S, M, S, …
    const u32 external = c.plic.size != 0 ? 2 * hart + 1 : c.imsic.size != 0 ? 0 : hart;
    const u32 page = kImsicPage << std::bit_width(c.guest_files);
    return Writer()
        .u8s({kHart, 36, 1, 0})
        .number(1, 4)  // enabled
        .number(hart, 8)
        .number(hart, 4)
        .number(external, 4)
        .number(c.imsic.size != 0 ? c.imsic.base + u64{hart} * page : 0, 8)
        .number(c.imsic.size != 0 ? page : 0, 4)
        .take();
}

u32 add_interrupt_controllers(TableSet& tables, const InterruptControllers& c) {
    Writer body;
    body.number(0, 4).number(0, 4);
    for (unsigned hart = 0; hart < c.harts; hart++) body.append(hart_controller(c, hart));
    if (c.imsic.size != 0) body.append(imsic_structure(c));
    if (c.aplic.size != 0) body.append(aplic_structure(c));
    if (c.plic.size != 0) body.append(plic_structure(c));
    return tables.add("APIC", 7, body.take());
}

u32 add_hart_capabilities(TableSet& tables, const guest::Model& model, unsigned harts, u64 timer_frequency) {
    constexpr u32 kNodesAt = 56, kHeadBytes = kNodesAt - 36;
    const riscv::HartDescription description = riscv::riscv_model(model).describe_hart();
    Writer nodes;
    std::vector<u32> places;  // of the nodes that all harts have in common
    unsigned count = 0;
    auto begin = [&](u16 type, u16 bytes) -> Writer& {
        count++;
        return nodes.number(type, 2).number(bytes, 2).number(1, 2);
    };
    auto begin_common = [&](u16 type, u16 bytes) -> Writer& {
        places.push_back(static_cast<u32>(kNodesAt + nodes.size()));
        return begin(type, bytes);
    };
    const std::size_t text_bytes = description.isa.size() + 1, node_bytes = align_up(8 + text_bytes, 2);
    begin_common(kIsaString, static_cast<u16>(node_bytes)).number(text_bytes, 2);
    nodes.append({description.isa.begin(), description.isa.end()}).zeros(node_bytes - 8 - description.isa.size());
    if (u32 block = description.cache_block_bytes) {
        const u8 size = static_cast<u8>(std::bit_width(block) - 1);
        begin_common(kCacheBlocks, 10).u8s({0, size, size, size});
    }
    if (std::optional<u8> kind = mmu_number(description.mmu_type)) begin_common(kMmu, 8).u8s({0, *kind});
    for (unsigned hart = 0; hart < harts; hart++) {
        begin(kHartInfo, static_cast<u16>(12 + 4 * places.size())).number(places.size(), 2).number(hart, 4);
        for (u32 place : places) nodes.number(place, 4);
    }
    Writer body;
    body.number(0, 4).number(timer_frequency, 8).number(count, 4).number(kNodesAt, 4);
    static_assert(kHeadBytes == 4 + 8 + 4 + 4);
    return tables.add("RHCT", 1, body.append(nodes.take()).take());
}

}  // namespace dragoman::machine::acpi
