// The state of the machine, what a debugger sees of it, and the guest as a whole.
#include <cstdio>
#include <cstring>

#include "accumulator.h"
#include "guest/runtime.h"

namespace dragoman::accumulator {

namespace {

State* state(ir::Env* env) { return static_cast<State*>(env); }
const State* state(const ir::Env* env) { return static_cast<const State*>(env); }

void helper_trap(ir::Env* env, u64 n) { guest::raise(env, kTrap + static_cast<u32>(n), n); }

const ir::GuestLayout& layout() {
    static const ir::GuestLayout kLayout = [] {
        ir::GuestLayout l;
        l.globals = {{"a", ir::Type::I64, offsetof(State, a), 3},
                     {"x", ir::Type::I64, offsetof(State, x), 2},
                     {"l", ir::Type::I64, offsetof(State, l), 0}};
        l.helpers = {ir::make_helper("trap", helper_trap, ir::HelperFlags::MayRaise)};
        l.env_size = sizeof(State);
        l.env_bias = offsetof(State, a);
        return l;
    }();
    return kLayout;
}

ir::Env* create(const guest::Model&) { return new State{}; }

ir::Env* clone(const ir::Env* parent) {
    auto* s = new State{};
    s->a = state(parent)->a;
    s->x = state(parent)->x;
    s->l = state(parent)->l;
    s->pc = parent->pc;
    s->tb_flags = parent->tb_flags;
    return s;
}

constexpr guest::RegisterInfo kRegisters[] = {{"a", "org.dragoman.accumulator", "int", 16, 0},
                                              {"x", "org.dragoman.accumulator", "data_ptr", 16, 1},
                                              {"l", "org.dragoman.accumulator", "code_ptr", 16, 2},
                                              {"pc", "org.dragoman.accumulator", "code_ptr", 16, 3}};

/// Null: there is no such register.
u64* place(State& s, unsigned number) {
    u64* const places[] = {&s.a, &s.x, &s.l, &s.pc};
    return number < std::size(places) ? places[number] : nullptr;
}

bool read_register(const ir::Env* env, unsigned number, u8* bytes) {
    const u64* at = place(const_cast<State&>(*state(env)), number);
    if (at != nullptr) std::memcpy(bytes, at, 2);
    return at != nullptr;
}

bool write_register(ir::Env* env, unsigned number, const u8* bytes) {
    u64* at = place(*state(env), number);
    if (at == nullptr) return false;
    *at = 0;
    std::memcpy(at, bytes, 2);
    return true;
}

std::string dump_registers(const ir::Env* env) {
    const State& s = *state(env);
    char text[64];
    std::snprintf(text, sizeof text, " a %04x x %04x l %04x pc %04x\n", static_cast<unsigned>(s.a),
                  static_cast<unsigned>(s.x), static_cast<unsigned>(s.l), static_cast<unsigned>(s.pc));
    return text;
}

constexpr guest::CpuModel kModels[] = {{"acc16", "the accumulator machine"}};

std::unique_ptr<guest::Model> configure(std::string_view cpu, bool system, std::string& error) {
    error.clear();
    bool saturation = true;
    if (cpu == "acc16,saturation=off") saturation = false;
    else if (!cpu.empty() && cpu != "acc16" && cpu != "acc16,saturation=on") error = "unknown CPU " + std::string(cpu);
    return error.empty() ? std::make_unique<Model>(saturation, system) : nullptr;
}

}  // namespace

const guest::Guest& guest() {
    static const guest::Guest kGuest = {
        .name = "acc16",
        .elf_machine = 0,
        .elf_class = 1,
        .min_insn_bytes = 2,
        .max_insn_bytes = 2,
        .cpu =
            {
                .create = create,
                .clone = clone,
                .destroy = [](ir::Env* env) { delete state(env); },
                .tb_flags = [](const ir::Env* env) { return env->tb_flags; },
                // All that an instruction changes is in globals, and is changed last.
                .dump_registers = dump_registers,
                .read_register = read_register,
                .write_register = write_register,
                .registers = [](const guest::Model&) { return std::span<const guest::RegisterInfo>(kRegisters); },
                .system = &kSystem,
                .gdb_architecture = "acc16",
            },
        .translator = kTranslator,
        .layout = layout,
        .models = [](bool) { return std::span<const guest::CpuModel>(kModels); },
        .configure = configure,
        .extensions = [](bool) { return std::vector<std::string>{"saturation"}; },
    };
    return kGuest;
}

}  // namespace dragoman::accumulator
