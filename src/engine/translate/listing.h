// The stages of a TB in the -d log: guest code, IR before and after optimisation, host code.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/profile.h"
#include "engine/symbols.h"
#include "guest/guest.h"
#include "host/host.h"

namespace dragoman::engine {

class Listing {
public:
    /// @param symbols names of guest addresses; null: none are known
    Listing(const log::Selection& log, const guest::Model& model, const host::Backend& backend, Symbols* symbols,
            const ir::Function& f, std::span<const u8> code)
        : log_(log), model_(model), backend_(backend), symbols_(symbols), f_(f), code_(code) {}

    // To the log, where their item is on and the filter lets the TB through.
    void guest_code() const;
    void ir(log::Item item) const;
    void host_code(const u8* code, const host::CompiledCode& compiled) const;

    std::vector<GuestInsn> guest_insns() const;
    /// Of the function that the block begins in; empty: unknown.
    std::string guest_name() const;
    /// Path of the file that the block is in; empty: none.
    std::string guest_module() const;

private:
    std::string guest_text() const;
    bool wanted(log::Item item) const { return log_.enabled(item) && log_.in_filter(f_.guest_pc); }

    const log::Selection& log_;
    const guest::Model& model_;
    const host::Backend& backend_;
    Symbols* symbols_;
    const ir::Function& f_;
    std::span<const u8> code_;
};

}  // namespace dragoman::engine
