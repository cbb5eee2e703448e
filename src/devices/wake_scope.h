// Wakes threads after the locks are free that they will ask for.
#pragma once

namespace dragoman::devices {

/// A thread, or who stands for one, that sleeps until it is woken.
class Sleeper {
public:
    /// Any thread. Needless calls do no harm.
    virtual void wake_up() = 0;

protected:
    ~Sleeper() = default;
};

/// While a thread has one, the sleepers that it wakes are woken only at its end. Made before a device's lock is taken:
/// a thread that is woken under the lock often runs at once, on this very processor when all are busy, finds the lock
/// taken and has to be woken again. Scopes nest; the outermost counts.
class WakeScope {
public:
    WakeScope();
    ~WakeScope();
    WakeScope(const WakeScope&) = delete;
    WakeScope& operator=(const WakeScope&) = delete;

    /// At the end of the calling thread's outermost scope, or at once when it has none.
    static void wake(Sleeper& sleeper);
    /// Wakes those that wait for the scope's end, before this thread itself waits.
    static void flush();
};

}  // namespace dragoman::devices
