// host::Options switches by name (the command line's way to turn CPU features off).
#include <algorithm>

#include "host/host.h"

namespace dragoman::host {

std::string disable_features(Options& options, std::string_view list) {
    struct Feature {
        std::string_view name;
        bool Options::*flag;
    };
    static constexpr Feature kFeatures[] = {
        {"sse41", &Options::sse41},
        {"avx", &Options::avx},
        {"avx2", &Options::avx2},
        {"bmi", &Options::bmi},
        {"fma", &Options::fma},
        {"avx512", &Options::avx512},
        {"return-stack", &Options::return_stack},
    };
    while (!list.empty()) {
        std::string_view name = list.substr(0, list.find(','));
        list.remove_prefix(std::min(name.size() + 1, list.size()));
        bool known = false;
        for (const Feature& f : kFeatures) {
            if (f.name != name) continue;
            options.*f.flag = false;
            known = true;
        }
        if (!known) return std::string(name);
    }
    return {};
}

}  // namespace dragoman::host
