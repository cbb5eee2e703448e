#include "linux/riscv/isa.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Extension;
using dragoman::riscv::ExtensionInfo;

u64 hwcap(const guest::Model& model) {
    constexpr std::string_view kReported = "imafdcv";
    u64 bits = 0;
    for_each(dragoman::riscv::riscv_model(model).extensions(), [&](Extension e) {
        std::string_view name = extension_info(e).name;
        if (name.size() == 1 && kReported.find(name) != kReported.npos) bits |= u64{1} << (name[0] - 'a');
    });
    return bits;
}

u64 hwprobe_base_behavior(const dragoman::riscv::Model& model) {
    using enum Extension;
    return model.extensions().contains({I, M, A}) ? 1 : 0;
}

u64 hwprobe_extensions(const dragoman::riscv::Model& model, unsigned word) {
    u64 bits = 0;
    for_each(model.extensions(), [&](Extension e) {
        u8 bit = extension_info(e).hwprobe;
        if (bit != ExtensionInfo::kNoProbe && bit / 64 == word) bits |= u64{1} << bit % 64;
    });
    return bits;
}

}  // namespace dragoman::linux_abi::riscv
