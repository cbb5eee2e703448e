// RISC-V CPU models for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "guest/riscv/model.h"

namespace dragoman::riscv {

/// The model of `-cpu CPU`.
template <Extension base = Extension::Rv64>
inline std::unique_ptr<Model> make_model(std::string_view cpu, bool system = false) {
    std::string error;
    std::unique_ptr<guest::Model> model = configure<base>(cpu, system, error);
    EXPECT_EQ(error, "");
    return std::unique_ptr<Model>(static_cast<Model*>(model.release()));
}

}  // namespace dragoman::riscv
