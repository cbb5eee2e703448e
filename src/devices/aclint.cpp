#include "devices/aclint.h"

#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices {

namespace {

std::string per_harts(const char* name, std::size_t harts) {
    return name + std::string(", harts ") + std::to_string(harts);
}

/// Reads or replaces the half or whole of a 64-bit register that an access of `size` bytes at `offset` covers.
u64 read_part(u64 reg, u64 offset, unsigned size) { return size == 8 ? reg : extract(reg, (offset & 4) * 8, 32); }
u64 write_part(u64 reg, u64 offset, unsigned size, u64 value) {
    return size == 8 ? value : deposit(reg, (offset & 4) * 8, 32, value);
}

constexpr u64 kMtimeOffset = AclintMtimer::kWindow - 8;

}  // namespace

void AclintMswi::reset() {
    LockGuard lock(mutex_);
    for (std::size_t i = 0; i < irqs_.size(); ++i) {
        levels_[i] = 0;
        irqs_[i].set(false);
    }
}

void AclintMswi::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.fields("level", std::span(levels_), 1);
    if (!state.loading()) return;
    for (std::size_t i = 0; i < irqs_.size(); ++i) irqs_[i].set(levels_[i] != 0);
}

std::string AclintMswi::describe() const { return per_harts("aclint mswi", irqs_.size()); }

bool AclintMswi::read(u64 offset, unsigned, u64& value) {
    LockGuard lock(mutex_);
    value = offset / 4 < levels_.size() ? levels_[offset / 4] : 0;
    return true;
}

bool AclintMswi::write(u64 offset, unsigned, u64 value) {
    u64 hart = offset / 4;
    if (hart >= irqs_.size()) return true;
    WakeScope wakes;
    LockGuard lock(mutex_);
    levels_[hart] = value & 1;
    irqs_[hart].set((value & 1) != 0);
    return true;
}

/// Its bits are the harts' own.
void AclintSswi::visit(State& state) {
    state.version(1);
    state.same("harts", irqs_.size());
}

std::string AclintSswi::describe() const { return per_harts("aclint sswi", irqs_.size()); }

bool AclintSswi::read(u64, unsigned, u64& value) {
    value = 0;
    return true;
}

bool AclintSswi::write(u64 offset, unsigned, u64 value) {
    if (offset / 4 < irqs_.size() && (value & 1) != 0) irqs_[offset / 4].set(true);
    return true;
}

AclintMtimer::AclintMtimer(std::vector<Irq> irqs, Clock& clock, u64 frequency)
    : clock_(clock), frequency_(frequency), hart_count_(irqs.size()) {
    harts_.resize(irqs.size());  // and never again: timers refer to its elements
    for (std::size_t i = 0; i < irqs.size(); ++i) {
        Hart& hart = harts_[i];
        hart.irq = irqs[i];
        hart.compare = ~u64{0};
        hart.timer = clock_.add_timer([this, &hart] {
            LockGuard lock(mutex_);
            update(hart);
        });
    }
}

AclintMtimer::~AclintMtimer() = default;

void AclintMtimer::reset() {
    LockGuard lock(mutex_);
    offset_.store(0 - clock_ticks(), std::memory_order_relaxed);
    for (Hart& hart : harts_) {
        hart.compare = ~u64{0};
        update(hart);
    }
}

void AclintMtimer::visit(State& state) {
    state.version(1);
    state.same("harts", hart_count_);
    LockGuard lock(mutex_);
    u64 time = state.peek("time", ticks());
    for (Hart& hart : harts_) state.field("compare", hart.compare);
    if (!state.loading()) return;
    offset_.store(time - clock_ticks(), std::memory_order_relaxed);
    for (Hart& hart : harts_) update(hart);
}

std::string AclintMtimer::describe() const { return per_harts("aclint mtimer", hart_count_); }

u64 AclintMtimer::deadline(u64 ticks) const {
    u64 own = clock_ticks(), now = own + offset_.load(std::memory_order_relaxed);
    u64 wait = ticks > now ? ticks - now : 0;
    if (wait > ~u64{0} - own) return ~u64{0};
    // The first nanosecond that shows them.
    auto product = static_cast<unsigned __int128>(own + wait) * kNanosecondsPerSecond + (frequency_ - 1);
    auto deadline = product / frequency_;
    return deadline > ~u64{0} ? ~u64{0} : static_cast<u64>(deadline);
}

void AclintMtimer::update(Hart& hart) {
    bool due = ticks() >= hart.compare;
    hart.irq.set(due);
    if (due) hart.timer->cancel();
    else hart.timer->arm(deadline(hart.compare));
}

bool AclintMtimer::read(u64 offset, unsigned size, u64& value) {
    u64 reg = offset & ~u64{7}, hart = offset / 8;
    if (reg == kMtimeOffset) {
        value = read_part(ticks(), offset, size);
        return true;
    }
    LockGuard lock(mutex_);
    value = hart < harts_.size() ? read_part(harts_[hart].compare, offset, size) : 0;
    return true;
}

bool AclintMtimer::write(u64 offset, unsigned size, u64 value) {
    u64 reg = offset & ~u64{7}, index = offset / 8;
    LockGuard lock(mutex_);
    if (reg == kMtimeOffset) {
        u64 now = ticks();
        offset_.fetch_add(write_part(now, offset, size, value) - now, std::memory_order_relaxed);
        for (Hart& hart : harts_) update(hart);
    } else if (index < harts_.size()) {
        Hart& hart = harts_[index];
        hart.compare = write_part(hart.compare, offset, size, value);
        update(hart);
    }
    return true;
}

}  // namespace dragoman::devices
