#include "cli/system/smp.h"

#include "base/properties.h"

namespace dragoman::cli_system {

unsigned parse_harts(const std::string& option, const std::string& text) {
    constexpr u64 kMost = 512;  // the board may have fewer
    Properties properties(option, text, "cpus");
    auto take = [&](std::string_view name) { return properties.take_number(name, 0, 1, kMost); };
    u64 cpus = take("cpus"), most = take("maxcpus");
    for (std::string_view level : {"drawers", "books", "dies", "clusters", "modules"}) {
        u64 count = take(level);
        if (count > 1) properties.fail(std::string(level) + "=" + std::to_string(count) + ": there is 1");
    }
    u64 sockets = take("sockets"), cores = take("cores"), threads = take("threads");
    properties.finish();
    auto or_one = [](u64 count) { return count != 0 ? count : 1; };
    // What is left out follows from the rest: cores first, then sockets, then threads.
    if (u64 wanted = most != 0 ? most : cpus; wanted == 0) {
        sockets = or_one(sockets), cores = or_one(cores), threads = or_one(threads);
    } else if (cores == 0) {
        sockets = or_one(sockets), threads = or_one(threads);
        cores = wanted / (sockets * threads);
    } else if (sockets == 0) {
        threads = or_one(threads);
        sockets = wanted / (cores * threads);
    } else if (threads == 0) {
        threads = wanted / (sockets * cores);
    }
    u64 product = sockets * cores * threads;
    if (most == 0) most = cpus != 0 ? cpus : product;
    if (cpus == 0) cpus = most;
    if (product != most) {
        properties.fail("sockets (" + std::to_string(sockets) + ") * cores (" + std::to_string(cores) +
                        ") * threads (" + std::to_string(threads) + ") is not " + std::to_string(most));
    }
    if (cpus > most) {
        properties.fail("cpus=" + std::to_string(cpus) + " is more than maxcpus=" + std::to_string(most));
    }
    return static_cast<unsigned>(cpus);
}

}  // namespace dragoman::cli_system
