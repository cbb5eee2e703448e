// -cpu: a model, what its property list changes, and what extensions bring along.
#include "guest/riscv/model.h"

#include <optional>

#include "guest/riscv/cpu.h"
#include "guest/riscv/cpu_properties.h"
#include "guest/riscv/decode.h"
#include "guest/riscv/riscv.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

std::string quoted(std::string_view s) { return "'" + std::string(s) + "'"; }

/// The first extension that `e` needs and that is not in `set`.
std::optional<Extension> missing(Extension e, const ExtensionSet& set) {
    std::optional<Extension> first;
    for_each(extension_info(e).needs - set, [&](Extension needed) {
        if (!first) first = needed;
    });
    return first;
}

/// Adds what the members need, and the sums of which all parts are there, but for `off`.
void close(ExtensionSet& set, const ExtensionSet& off) {
    for (bool changed = true; changed;) {
        ExtensionSet before = set;
        for_each(before, [&](Extension e) { set.add(extension_info(e).needs); });
        for_each(executed_extensions() - off, [&](Extension e) {
            if (extension_info(e).is_sum() && set.contains(extension_info(e).needs)) set.add(e);
        });
        changed = !(set == before);
    }
}

/// What cannot be on when `off` is off: that, and what needs it.
ExtensionSet unavailable(const ExtensionSet& off) {
    ExtensionSet gone = off;
    for (bool changed = true; changed;) {
        ExtensionSet before = gone;
        for_each(executed_extensions() - before, [&](Extension e) {
            if (missing(e, executed_extensions() - gone)) gone.add(e);
        });
        changed = !(gone == before);
    }
    return gone;
}

/// Extensions that have encodings in common.
struct Conflict {
    Extension a, b;
};
constexpr Conflict kConflicts[] = {
    {Zfinx, F},
    {Zcmp, Zcd},
    {Zcmt, Zcd},
    {I, E},
    {E, Zcmp},
    {Xtheadcmo, Xmipscbop},
    {Xtheadsync, Xmipscbop},
    {Xtheadbb, Xmipscmov},
    {Xtheadmemidx, Xmipslsp},
    {Xtheadmempair, Xmipslsp},
};

std::string find_conflict(const ExtensionSet& set) {
    for (const Conflict& c : kConflicts) {
        if (!set.has(c.a) || !set.has(c.b)) continue;
        return "extensions " + quoted(extension_info(c.a).name) + " and " + quoted(extension_info(c.b).name) +
               " exclude each other";
    }
    return {};
}

/// Applies the switches to the model's set: what needs an extension that was turned off goes too, what a member needs
/// otherwise comes along.
std::string apply_switches(ExtensionSet& set, const CpuProperties& properties) {
    const ExtensionSet gone = unavailable(properties.off);
    std::string error;
    for_each(properties.on, [&](Extension e) {
        if (!error.empty() || !gone.has(e)) return;
        ExtensionSet needed;
        for_each(extension_info(e).needs, [&](Extension n) {
            if (gone.has(n)) needed.add(n);
        });
        error = "extension " + quoted(extension_info(e).name) + " needs " + quoted(list_names(needed));
    });
    if (!error.empty()) return error;
    set = (set + properties.on) - gone;
    close(set, properties.off);
    // C is Zca, with D also Zcd (Unprivileged specification, "Zc*").
    if (set.has(C) && set.has(D) && !set.has(Zcd)) set.remove(C);
    return find_conflict(set);
}

/// A paging mode that is named is the largest one.
void limit_paging(CpuProperties& properties) {
    const ExtensionSet& named = properties.paging_modes;
    if (named.empty() || named.has(Sv57)) return;
    properties.off.add(Sv57);
    if (!named.has(Sv48)) properties.off.add(Sv48);
}

std::string base_name(Extension base) { return base == Rv32 ? "RV32" : "RV64"; }

std::string unknown_model(std::string_view name, Extension base) {
    const bool of_other_base = find_cpu_model(name, base == Rv32 ? Rv64 : Rv32) != nullptr;
    if (of_other_base || is_foreign_cpu_model(name)) {
        return "CPU model " + quoted(name) + " is not supported: it is not of " + base_name(base);
    }
    std::string error = "unknown CPU model " + quoted(name) + " (there are";
    std::string_view separator = " ";
    for (const CpuModelInfo& model : cpu_models()) {
        if (base_of(model.extensions) != base) continue;
        error.append(separator).append(model.name);
        separator = ", ";
    }
    return error + "; see -cpu help)";
}

/// What switches would add to a model that a manufacturer sells.
ExtensionSet additions(const CpuModelInfo& model, const CpuProperties& properties) {
    ExtensionSet has = model.extensions;
    close(has, {});
    return model.kind == ModelKind::Vendor ? properties.on - has : ExtensionSet{};
}

ExtensionSet privileged(const ExtensionSet& set) { return set - user_extensions(); }

/// Has `place` refer to what `make` makes, unless another thread has done so in the meantime.
template <class T, class F>
const T& made_once(std::atomic<const T*>& place, F make) {
    const T* present = place.load(std::memory_order_acquire);
    if (present != nullptr) return *present;
    std::unique_ptr<const T> mine = make();
    if (!place.compare_exchange_strong(present, mine.get(), std::memory_order_acq_rel)) return *present;
    return *mine.release();
}

/// The rows of -cpu help.
struct ModelList {
    std::vector<std::string> help;
    std::vector<guest::CpuModel> rows;
    ModelList(Extension base, bool system) {
        help.reserve(cpu_models().size());
        for (const CpuModelInfo& model : cpu_models()) {
            if (base_of(model.extensions) != base) continue;
            ExtensionSet absent = unsupported(model.extensions);
            if (!system) absent.remove(privileged(absent));
            std::string text(model.help);
            if (!absent.empty()) text += " (not supported: " + list_names(absent) + ")";
            help.push_back(text);
            rows.push_back({model.name, help.back()});
        }
    }
};

}  // namespace

Model::Model(const CpuConfiguration& configuration, bool system)
    : guest::Model(base_of(configuration.extensions) == Rv32 ? kRiscv32 : kRiscv64, system), cpu_(configuration) {
    watches_traps_ = has(Ssdbltrp) || has(Smdbltrp) || has(Smrnmi) || has(Ssctr);
}

Model::~Model() {
    delete decoder_.load();
    delete registers_.load();
}

const Decoder& Model::make_decoder() const {
    return made_once(decoder_, [this] { return std::make_unique<const Decoder>(cpu_.extensions); });
}

const ir::GuestLayout& Model::layout() const { return has(Zve32x) ? vector_layout(vector_bytes()) : riscv::layout(); }

std::span<const guest::RegisterInfo> Model::registers() const {
    return made_once(
        registers_, [this] { return std::make_unique<const std::vector<guest::RegisterInfo>>(make_registers(*this)); });
}

std::string parse_cpu(std::string_view cpu, bool system, CpuConfiguration& out, Extension base) {
    std::size_t comma = cpu.find(',');
    const CpuModelInfo* model = find_cpu_model(cpu.substr(0, comma), base);
    if (model == nullptr) return unknown_model(cpu.substr(0, comma), base);
    CpuProperties properties;
    while (comma != cpu.npos) {
        cpu.remove_prefix(comma + 1);
        comma = cpu.find(',');
        std::string error = apply_cpu_property(properties, cpu.substr(0, comma));
        if (!error.empty()) return error;
    }
    if (ExtensionSet added = additions(*model, properties); !added.empty()) {
        return "CPU model " + quoted(model->name) + " does not allow to enable extensions: " + list_names(added);
    }
    limit_paging(properties);
    if (properties.off.has(I)) return "extension 'i' cannot be turned off";
    if (ExtensionSet foreign = properties.on - (properties.on - excluded_extensions(base)); !foreign.empty()) {
        return "CPU property " + quoted(list_names(foreign)) + " cannot be turned on: not supported with " +
               base_name(base);
    }

    CpuConfiguration result{model->extensions - properties.off, model->ids};
    result.extensions.add(base);
    // In machines each vector access calls C++: kernels that choose code by what there is are better off without.
    if (system && model->name == "max") result.extensions.remove(vector_extensions());
    if (!system) result.extensions.remove(privileged(result.extensions));
    if (ExtensionSet absent = unsupported(result.extensions); !absent.empty()) {
        return "CPU model " + quoted(model->name) + " needs what is not supported: " + list_names(absent);
    }
    if (std::string error = apply_switches(result.extensions, properties); !error.empty()) return error;
    if (!system) result.extensions.remove(privileged(result.extensions));
    result.ids.vendor = properties.vendor.value_or(model->ids.vendor);
    result.ids.architecture = properties.architecture.value_or(model->ids.architecture);
    result.ids.implementation = properties.implementation.value_or(model->ids.implementation);
    if (model->kind == ModelKind::Vendor && !(result.ids == model->ids)) {
        return "CPU model " + quoted(model->name) + " does not allow to change mvendorid, marchid or mimpid";
    }
    // Longer registers than the least only where no profile or manufacturer says so.
    constexpr unsigned kVlen = 128, kMaxVlen = 256;
    result.rnmi_interrupt_vector = properties.rnmi_interrupt_vector.value_or(0);
    result.rnmi_exception_vector = properties.rnmi_exception_vector.value_or(0);
    result.vlen = properties.vlen.value_or(model->name == "max" ? kMaxVlen : kVlen);
    out = result;
    return {};
}

template <Extension base>
std::unique_ptr<guest::Model> configure(std::string_view cpu, bool system, std::string& error) {
    CpuConfiguration configuration;
    // Properties without a model are the default's.
    std::string text(cpu);
    if (text.empty() || text.front() == ',') text.insert(0, !system ? "max" : base == Rv32 ? "rv32" : "rv64");
    error = parse_cpu(text, system, configuration, base);
    return error.empty() ? std::make_unique<Model>(configuration, system) : nullptr;
}

template <Extension base>
std::span<const guest::CpuModel> models(bool system) {
    static const ModelList kUser(base, false), kSystem(base, true);
    return system ? kSystem.rows : kUser.rows;
}

template <Extension base>
std::vector<std::string> extension_names(bool system) {
    std::vector<std::string> names;
    ExtensionSet shown = executed_extensions();
    if (!system) shown.remove(privileged(shown));
    shown.remove(excluded_extensions(base) + ExtensionSet{Rv32, Rv64});
    for_each(shown, [&](Extension e) { names.emplace_back(extension_info(e).name); });
    for (const Profile& profile : profiles()) {
        if (base == Rv64 && unsupported(profile.extensions).empty()) names.emplace_back(profile.name);
    }
    return names;
}

template std::unique_ptr<guest::Model> configure<Rv32>(std::string_view cpu, bool system, std::string& error);
template std::unique_ptr<guest::Model> configure<Rv64>(std::string_view cpu, bool system, std::string& error);
template std::span<const guest::CpuModel> models<Rv32>(bool system);
template std::span<const guest::CpuModel> models<Rv64>(bool system);
template std::vector<std::string> extension_names<Rv32>(bool system);
template std::vector<std::string> extension_names<Rv64>(bool system);

}  // namespace dragoman::riscv
