// The hart's timers: counters that overflow, and Sstc, which compares time with stimecmp, and a guest's with vstimecmp.
#include <algorithm>

#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

bool is_on(const Hart& hart) { return (hart.priv.menvcfg & kEnvcfgStce) != 0; }
bool is_on_for_guests(const Hart& hart) { return is_on(hart) && (hart.priv.henvcfg & kEnvcfgStce) != 0; }

/// vstimecmp as the hart's own time: guests have time + htimedelta. 0: it has been reached, as far as that differs.
u64 guest_deadline(const PrivilegedState& p, u64 now) {
    const u64 guest_now = now + p.htimedelta;
    if (guest_now >= p.vstimecmp) return 0;
    const u64 left = p.vstimecmp - guest_now;
    return left > ~now ? ~u64{0} : now + left;
}

}  // namespace

u64 next_timer(const ir::Env* env) {
    const Hart& h = *hart(env);
    const PrivilegedState& p = h.priv;
    u64 timer = ~u64{0};
    if (is_on(h) && (p.mip_timer & interrupt_bit(kSupervisorTimer)) == 0) timer = p.stimecmp;
    if (is_on_for_guests(h) && (p.mip_timer & interrupt_bit(kVirtualSupervisorTimer)) == 0) {
        timer = std::min(timer, guest_deadline(p, guest::time(const_cast<Hart*>(&h))));
    }
    return std::min(timer, next_overflow(h));
}

void timer_expired(ir::Env* env) {
    check_counters(*hart(env));
    update_timer(*hart(env));
}

void update_timer(Hart& hart) {
    PrivilegedState& p = hart.priv;
    p.mip_timer = 0;
    if (is_on(hart)) {
        const u64 now = guest::time(&hart);
        if (now >= p.stimecmp) p.mip_timer |= interrupt_bit(kSupervisorTimer);
        if (is_on_for_guests(hart) && guest_deadline(p, now) == 0) {
            p.mip_timer |= interrupt_bit(kVirtualSupervisorTimer);
        }
    }
    guest::timer_changed(&hart);
    check_interrupts(hart);
}

}  // namespace dragoman::riscv
