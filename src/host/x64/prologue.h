// The common routines in front of all translated code: entering and leaving it, and what is too long to
// repeat in every TB.
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

/// Addresses that only the back end itself needs.
struct Prologue {
    void (*enter)(ir::Env* env, const u8* code) = nullptr;
    /// Leaves from a helper; pinned registers are in env.
    void (*leave_helper)(ir::Env* env) = nullptr;
    /// Restores the host's state and returns from enter; rbp is the env register.
    const u8* leave = nullptr;
};

/// Writes the routines into [code, code+size) and their addresses to `shared.common`.
/// @returns bytes used.
std::size_t write_prologue(Shared& shared, Prologue& prologue, u8* code, std::size_t size);

}  // namespace dragoman::host::x64
