// The hart's timers: counters that overflow, and Sstc, the supervisor timer, which compares time with stimecmp.
#include <algorithm>

#include "guest/riscv/system.h"

namespace dragoman::riscv {

static bool is_on(const Hart& hart) { return (hart.priv.menvcfg & kEnvcfgStce) != 0; }

u64 next_timer(const ir::Env* env) {
    const Hart& h = *hart(env);
    u64 timer = is_on(h) && h.priv.mip_timer == 0 ? h.priv.stimecmp : ~u64{0};
    return std::min(timer, next_overflow(h));
}

void timer_expired(ir::Env* env) {
    check_counters(*hart(env));
    update_timer(*hart(env));
}

void update_timer(Hart& hart) {
    if (is_on(hart)) {
        bool reached = guest::time(&hart) >= hart.priv.stimecmp;
        hart.priv.mip_timer = reached ? interrupt_bit(kSupervisorTimer) : 0;
    } else {
        hart.priv.mip_timer = 0;
    }
    guest::timer_changed(&hart);
    check_interrupts(hart);
}

}  // namespace dragoman::riscv
