// The text form of IR (docs/ir.md, "Text form"): what `-d op` shows and what the parser reads.
#pragma once

#include <string>
#include <vector>

#include "ir/function.h"

namespace dragoman::ir {

/// Prints instructions of one function. Temporaries are numbered in the order of their creation.
class Printer {
public:
    explicit Printer(const Function& f);

    std::string name(Var v) const;
    /// One line, without the newline.
    std::string line(const Insn& insn) const;

private:
    std::string body(const Insn& insn) const;

    const Function& f_;
    std::vector<u32> numbers_;  // of temporaries, by variable
};

/// A map as the text form shows it: "{a5 = access - 0x8}".
std::string state_text(const GuestLayout& layout, StateEntries entries);

/// The whole function, one line per instruction.
std::string print(const Function& f);

/// Name of an exit reason in the text form ("lookup").
const char* exit_reason_name(u64 reason);

}  // namespace dragoman::ir
