#include "devices/wall_clock.h"

#include <utility>

namespace dragoman::devices {

namespace {

constexpr u64 kSecond = 1'000'000'000;

u64 parse_date(const Properties& rtc, const std::string& text) {
    for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
        tm date{};
        const char* end = strptime(text.c_str(), format, &date);
        if (end == nullptr || *end != '\0') continue;
        time_t seconds = timegm(&date);
        if (seconds >= 0) return static_cast<u64>(seconds) * kSecond;
    }
    rtc.fail("base=" + text + ": neither utc, localtime nor a date like 2006-06-17T16:01:21");
}

}  // namespace

u64 WallClock::read_host_clock(clockid_t id) {
    timespec t;
    clock_gettime(id, &t);
    return static_cast<u64>(t.tv_sec) * kSecond + static_cast<u64>(t.tv_nsec);
}

WallClock::WallClock(const Clock& clock, Properties rtc, HostTime host_time)
    : clock_(clock), host_time_(std::move(host_time)) {
    std::string base = rtc.take("base", "utc");
    source_ = static_cast<Source>(rtc.take_choice("clock", {"host", "rt", "vm"}, 0));
    rtc.take_choice("driftfix", {"none"}, 0);
    rtc.finish();

    u64 start = host_time_(CLOCK_REALTIME);
    if (base == "localtime") {
        time_t seconds = static_cast<time_t>(start / kSecond);
        tm local{};
        localtime_r(&seconds, &local);
        start += static_cast<u64>(local.tm_gmtoff) * kSecond;
    } else if (base != "utc") {
        start = parse_date(rtc, base);
    }
    offset_ = start - source_time();
}

u64 WallClock::source_time() const {
    switch (source_) {
        case Source::Host: return host_time_(CLOCK_REALTIME);
        case Source::HostMonotonic: return host_time_(CLOCK_MONOTONIC);
        case Source::Machine: break;
    }
    return clock_.now();
}

u64 WallClock::now() const { return source_time() + offset_; }

}  // namespace dragoman::devices
