// The addresses that code makes, as compilers and assemblers do: of upper and lower immediates, relative to pc or to
// gp.
#pragma once

#include <functional>
#include <span>

#include "guest/guest.h"

namespace dragoman::riscv {

/// TranslatorOps::made_addresses.
void made_addresses(const guest::Model& model, const ir::Env* env, u64 pc, std::span<const u8> bytes,
                    const std::function<void(guest::MadeAddress)>& take);

}  // namespace dragoman::riscv
