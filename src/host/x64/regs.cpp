#include "host/x64/regs.h"

#include <algorithm>
#include <iterator>

namespace dragoman::host::x64 {

void RegisterPlan::build(const ir::GuestLayout& layout, unsigned xmm_count) {
    *this = {};
    env_bias = layout.env_bias;
    reg_of_global.assign(layout.globals.size(), kNoReg);
    for (unsigned i = 0; i < 3; ++i) {
        home[kRax + i] = static_cast<u32>(kSavedScratchOffset + i * 8);
        home[xmm_reg(i)] = static_cast<u32>(kSavedScratchOffset + (3 + i) * 8);
    }

    const bool vectors =
        std::any_of(layout.globals.begin(), layout.globals.end(), [](const auto& g) { return ir::is_vector(g.type); });
    if (vectors) {
        const unsigned kept = xmm_count == 32 ? kVectorScratchOf32 : kVectorScratchOf16;
        xmm_count -= kept;
        vector_scratch = low_mask(kept) << xmm_reg(xmm_count);
    }

    std::vector<unsigned> order;
    for (unsigned i = 0; i < layout.globals.size(); ++i) {
        if (layout.globals[i].pin_priority != 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](unsigned a, unsigned b) {
        return layout.globals[a].pin_priority > layout.globals[b].pin_priority;
    });

    for (unsigned i : order) {
        const ir::GlobalInfo& g = layout.globals[i];
        HostReg reg = kNoReg;
        if (ir::is_vector(g.type)) continue;  // lives in env
        if (ir::is_int(g.type)) {
            if (gprs.size() == std::size(kPinnableGprs)) continue;
            reg = kPinnableGprs[gprs.size()];
            gprs.push_back({reg, g.offset});
        } else {
            unsigned number = kFirstPinnableXmm + static_cast<unsigned>(xmms.size());
            if (number >= xmm_count) continue;
            reg = xmm_reg(number);
            xmms.push_back({reg, g.offset});
        }
        reg_of_global[i] = reg;
        home[reg] = g.offset;
        pinned |= mask_of(reg);
    }
}

}  // namespace dragoman::host::x64
