// The running interpreter of one vCPU: operand access, leaving, and the table of handlers.
#pragma once

#include <csetjmp>
#include <cstring>

#include "host/host.h"
#include "host/interp/record.h"
#include "ir/env.h"

namespace dragoman::host::interp {

struct Machine {
    ir::Env* env;
    const ir::GuestLayout* layout;
    u64 guest_base;
    MmuCalls mmu;  ///< system mode
    const struct HandlerTable* handlers;
    u8* bases[3];                   ///< by Base; the last follows the running record
    const Record* volatile access;  ///< record whose guest access is under way, else null
    const Record* volatile caller;  ///< record whose helper is running
    std::jmp_buf exit;              ///< leaves enter()
    u64 frame[kFrameCells];

    u64 get(Operand operand) const {
        u64 v;
        std::memcpy(&v, bases[operand & 3] + (operand >> 2), sizeof v);
        return v;
    }
    void set(Operand operand, u64 v) { std::memcpy(bases[operand & 3] + (operand >> 2), &v, sizeof v); }

    /// A value of any size.
    u8* at(Operand operand) const { return bases[operand & 3] + (operand >> 2); }

    /// Guest address of the load or store `r`, which is running.
    u64 access_address(const Record* r) const {
        const ir::MemOp mem = r->mem();
        const u64 address = get(r->args[1]) + (get(r->args[2]) << mem.scale) + r->imm[1];
        return mem.wrap32 ? static_cast<u32>(address) : address;
    }

    /// Leaves translated code; the handler returns what this returns.
    const Record* leave(ir::ExitReason reason, u64 pc) {
        env->exit_reason = reason;
        env->pc = pc;
        return nullptr;
    }
};

inline Machine& machine(const ir::Env* env) { return *static_cast<Machine*>(env->backend_data); }

/// Executes one record. @returns the next one, or null to leave translated code.
using Handler = const Record* (*)(Machine& m, const Record* r);

struct HandlerTable {
    Handler handlers[kHandlerCount];

    void set(ir::Op op, ir::Type type, Handler h) { handlers[handler_number(op, type)] = h; }
    void set_all_types(ir::Op op, Handler h) {
        for (unsigned t = 0; t < kTypesPerOp; ++t) set(op, static_cast<ir::Type>(t), h);
    }
};

// Each file of handlers fills in its part.
void add_control_handlers(HandlerTable& table);
void add_integer_handlers(HandlerTable& table);
void add_memory_handlers(HandlerTable& table, bool softmmu);
void add_float_handlers(HandlerTable& table);
void add_call_handlers(HandlerTable& table);
void add_vector_handlers(HandlerTable& table);

/// Handlers of user mode, or those of system mode, where guest accesses go through softmmu. Made when first asked for.
const HandlerTable& handlers(bool softmmu);

}  // namespace dragoman::host::interp
